"""Letters: personal messages that are no issue: a code, a link, a prompt, an officer's request.

A letter goes to one contact point and is delivered by the same slices, lanes and rules as an
issue. This room keeps what is to be said and knows nothing of travellers; whoever owes a letter
says to which contact point. May use ``work`` and ``officers``.
"""
