"""Owed work: what must still be done, by whom it is leased, and the worker that does it.

Other rooms owe work in the transaction that makes it due and register the jobs that do it.
This room knows nothing of travellers or bulletins and imports no other room.
"""
