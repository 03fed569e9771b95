"""Officers: their accounts, roles and compartments, and the record of whom they looked at.

Every query of a higher room that returns people takes an ``Access`` from here. Knows nothing of
travellers but their numbers; may use ``work`` only.
"""
