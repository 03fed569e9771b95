"""Prove from the whole history that delivery kept its rules (``wayhome check delivery``).

Reads one snapshot of the database in keyset chunks, set-wise, and writes nothing
(PostgreSQL first looks at tables that it never looked at). Each rule says
how many rows it looked at and names what breaks it by key, never by name or address. What is
still to be done, and known to be, breaks no rule: it is counted.
"""
