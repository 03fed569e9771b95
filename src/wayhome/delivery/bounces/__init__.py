"""What comes back by mail: bounces, complaints, our own messages at canaries, and people.

``reading`` makes facts of bytes and knows no database; ``intake.take`` writes them as receipts.
Three doors lead to it: ``lmtp``, ``maildir`` and the command ``wayhome mail take``. Nothing here
ever answers a message, so that no loop can begin; what no rule knows is kept for a person.
"""
