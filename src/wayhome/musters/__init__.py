"""Musters: the roll call. Who is safe, who needs help, who is silent, by area and over time.

Silence is a state and answers are claims: a reply changes what an entry says, only an officer
closes it. May use every room down to ``replies``.
"""
