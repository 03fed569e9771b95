"""``wayhome check --deploy``: is this instance fit to write to real people? Changes nothing.

Each check looks at what is set and at what the world sees of it (DNS, the relay), and says the
exact record or setting that mends a fault.
"""

from collections.abc import Iterator

from wayhome.ops.deploy import mail_dns, relays, site
from wayhome.ops.deploy.dns import Dns
from wayhome.ops.deploy.findings import Finding


def findings(dns: Dns) -> Iterator[Finding]:
    """Every finding, as soon as it is known."""
    yield from site.findings()
    yield from relays.findings()
    yield from mail_dns.findings(dns)
