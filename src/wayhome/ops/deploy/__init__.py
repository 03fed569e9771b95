"""``wayhome check --deploy``: is this instance fit to write to real people? Changes nothing.

Each check looks at what is set and at what the world sees of it (DNS, the relay), and says the
exact record or setting that mends a fault.
"""
