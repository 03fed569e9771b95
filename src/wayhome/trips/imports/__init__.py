"""Lists of other registers: read by a mapping, gathered into parties, checked, written set-wise.

``reading`` opens the file, ``mapping`` says which column is which field, ``gathering`` brings the
lines of a party together within bounded memory, ``understanding`` makes enrolments of them,
``running`` does it all; ``updating`` is for what the other register has changed since.
"""
