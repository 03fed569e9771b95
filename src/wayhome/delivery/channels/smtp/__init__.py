"""SMTP (RFC 5321): one envelope a person, pipelined over a kept connection.

``relays`` reads the setting; ``opening`` brings a connection to where mail may be handed over;
``session`` hands it over; ``verdicts`` is the table of what a relay's answers mean.
"""

from wayhome.delivery.channels.smtp.relays import Relay, read_relays
from wayhome.delivery.channels.smtp.session import open_session

__all__ = ["Relay", "open_session", "read_relays"]
