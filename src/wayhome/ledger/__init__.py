"""Ledger: what is reported to have happened. For now incidents, each with its source and words.

Rows are added, never changed. May use ``officers``, ``places`` and ``work``.
"""
