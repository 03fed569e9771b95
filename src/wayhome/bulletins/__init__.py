"""Bulletins: what officers say, how it is read back, signed and published as issues.

Publishing tells ``bulletins.published``; submitting tells ``bulletins.submitted``, and a job of a
higher room fills the readback. May use ``places``, ``officers``, ``work``.
"""
