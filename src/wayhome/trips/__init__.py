"""Trips: who is where, when. Stays and legs, their versions, watches, enrolment and import.

Keeps the matching rows that the audience is found by, and tells ``trips.placed`` when a person's
places or days change. May use ``places``, ``travellers``, ``officers``, ``work``.
"""
