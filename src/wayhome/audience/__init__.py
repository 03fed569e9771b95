"""Audience: an issue meets the stays. Who is affected, by which best reason, how certainly.

``affects`` is the readable definition; ``matching`` is the keyed path that must equal it. Counts
for previews and readbacks write nothing. May use ``bulletins``, ``trips``, ``travellers``,
``places``, ``officers``, ``work``.
"""
