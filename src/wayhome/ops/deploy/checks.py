"""All checks of a deployment, in the order in which an operator sets things up."""

from collections.abc import Iterator

from wayhome.ops.deploy import mail_dns, relays, site
from wayhome.ops.deploy.dns import Dns
from wayhome.ops.deploy.findings import Finding


def findings(dns: Dns) -> Iterator[Finding]:
    """Every finding, as soon as it is known."""
    yield from site.findings()
    yield from relays.findings()
    yield from mail_dns.findings(dns)
