"""Travellers: who is looked after, through which doors they came, how they are reached.

Registrations hold what was said at one door; travellers are the people; joining two records only
re-points registrations. Parties live here, since a reach may serve one. May use ``work``,
``officers``, ``letters`` and ``places``; knows nothing of trips, bulletins or replies.
"""
