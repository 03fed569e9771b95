"""Demo: a whole crisis on invented travellers, through the services that a live one uses.

Stands on top of every room; nothing imports it but the command line.
"""
