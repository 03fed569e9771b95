"""What DNS says of our mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX."""

from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings

from wayhome.delivery import return_path
from wayhome.delivery.channels.dkim_signing import DkimKey, key_in_use
from wayhome.ops.deploy import relays, spf
from wayhome.ops.deploy.dns import Dns, DnsFailed
from wayhome.ops.deploy.findings import Finding, txt_record
from wayhome.problems import Problem

_GOOD_RSA_BITS = 2048  # RFC 8301, 3.2


def findings(dns: Dns) -> Iterator[Finding]:
    from_domain = settings.WAYHOME_MAIL_FROM.rpartition("@")[2].lower()
    if "." not in from_domain or not settings.WAYHOME_MAIL_FROM.isascii():
        said = f"{settings.WAYHOME_MAIL_FROM} is no address that mail could come from"
        yield Finding("sender", False, said, "set WAYHOME_MAIL_FROM=alerts@YOUR.DOMAIN")
        return
    yield Finding("sender", True, settings.WAYHOME_MAIL_FROM)
    bounces = settings.WAYHOME_BOUNCE_ADDRESS
    bounce_domain = bounces.rpartition("@")[2].lower() or from_domain
    checks: list[tuple[str, Callable[[], Finding]]] = [
        (f"SPF of {bounce_domain}", lambda: _spf(dns, bounce_domain)),
        ("DKIM", lambda: _dkim(dns)),
        (f"DMARC of {from_domain}", lambda: _dmarc(dns, from_domain, bounce_domain)),
        (f"MX of {bounce_domain}", lambda: _mx(dns, bounce_domain)),
    ]
    for what, check in checks:
        try:
            yield check()
        except DnsFailed as error:
            said = f"DNS does not answer: {error}"
            yield Finding(what, False, said, "try again; mend the name servers of the domain")
    yield _bounces()


def _spf(dns: Dns, domain: str) -> Finding:
    """Receivers hold the envelope's sender against it: where bounces go."""
    what = f"SPF of {domain}"
    hosts = [relay.host for relay in relays.configured() if not relays.is_here(relay)]
    named = " ".join(f"a:{host}" for host in hosts) or "ip4:ADDRESS-OF-THE-RELAY"
    fix = f"publish: {txt_record(domain, f'v=spf1 {named} -all')}"
    if hosts:
        fix += "\nwhere the relay is a provider's, its include: takes the place of a:"
    found = spf.read(dns, domain)
    if found.fault:
        return Finding(what, False, found.fault, "leave one valid record\n" + fix)
    if not found.record:
        return Finding(what, False, "there is no record", fix)
    if found.all not in ("-", "~"):
        said = f"{found.record!r} lets anybody send in this name"
        return Finding(what, False, said, f"end it with -all\n{fix}")
    addresses = {host: dns.addresses(host) for host in hosts}
    missing = [h for h, known in addresses.items() if not any(map(found.allows, known))]
    if missing or not hosts:
        whose = ", ".join(missing) or "the relay on this host"
        return Finding(
            what,
            None,
            f"{found.record!r}; see that it names the addresses from which {whose} sends",
        )
    return Finding(what, True, f"{found.record!r} names every relay")


def _dkim(dns: Dns) -> Finding:
    try:
        key = key_in_use()
    except Problem as problem:
        return Finding("DKIM", False, f"{problem.field} {problem.problem}", problem.fix)
    if key is None:
        return Finding(
            "DKIM",
            None,
            "the relay signs, since WAYHOME_DKIM_SELECTOR is empty; send a message to a mailbox"
            " of yours and see that its headers say dkim=pass for the domain of WAYHOME_MAIL_FROM",
        )
    what, fix = f"DKIM at {key.name}", f"publish: {txt_record(key.name, key.record)}"
    found = dns.txt(key.name)
    if len(found) != 1:
        said = "there is no record" if not found else f"there are {len(found)} records, not one"
        return Finding(what, False, said, fix)
    fault = _key_fault(_tags(found[0]), key)
    if fault:
        return Finding(what, False, fault, fix)
    if isinstance(key.private, RSAPrivateKey) and key.private.key_size < _GOOD_RSA_BITS:
        said = f"has {key.private.key_size} bits; {_GOOD_RSA_BITS} is what receivers expect"
        return Finding(what, False, said, "make a longer one: wayhome mail dkim-key --help")
    return Finding(what, True, f"holds the {key.kind} key that signs")


def _key_fault(tags: dict[str, str], key: DkimKey) -> str:
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return "the record is no DKIM key"
    if not tags["p"]:
        return "the record revokes the key (its p= is empty)"
    if tags.get("k", "rsa") != key.kind:
        return f"the record is for k={tags.get('k', 'rsa')}, the key that signs is {key.kind}"
    if tags["p"] != key.public:
        return "the record holds another key than the one that signs"
    if "sha256" not in tags.get("h", "sha256").split(":"):
        return "the record does not allow sha256"
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return "the record is not for mail (its s=)"
    if "y" in tags.get("t", "").split(":"):
        return "the record says that this is a test (t=y): receivers ignore the signature"
    return ""


def _dmarc(dns: Dns, from_domain: str, bounce_domain: str) -> Finding:
    what = f"DMARC of {from_domain}"
    domain, records = _dmarc_records(dns, from_domain)
    fix = f"publish: {txt_record(f'_dmarc.{from_domain}', _dmarc_text(from_domain))}"
    if len(records) != 1:
        said = f"{domain} has {len(records)} records, not one" if records else "there is no record"
        return Finding(what, False, said, fix)
    tags = _tags(records[0])
    policy = tags.get("p", "").lower()
    if domain != from_domain:
        policy = tags.get("sp", policy).lower()
    if policy not in ("quarantine", "reject"):
        said = f"its policy is {policy or 'missing'!r}: anybody can warn in your name"
        return Finding(what, False, said, f"once all your own mail passes, {fix}")
    strict = tags.get("aspf", "r").lower() == "s"
    if not _aligned(bounce_domain, from_domain, domain, strict=strict):
        said = f"bounces go to {bounce_domain}, which is not aligned with {from_domain}"
        return Finding(
            what,
            False,
            f"{said}: SPF does not count for it, and DKIM alone must hold",
            f"set WAYHOME_BOUNCE_ADDRESS to an address at {from_domain}"
            + ("" if strict else f" or below {domain}"),
        )
    return Finding(what, True, f"{policy}; bounces at {bounce_domain} are aligned")


def _dmarc_records(dns: Dns, domain: str) -> tuple[str, list[str]]:
    """Those of the domain, or of the nearest domain above it that has any."""
    labels = domain.split(".")
    for at in range(len(labels) - 1):
        above = ".".join(labels[at:])
        found = [text for text in dns.txt(f"_dmarc.{above}") if _is_dmarc(text)]
        if found:
            return above, found
    return domain, []


def _is_dmarc(text: str) -> bool:
    return text.partition(";")[0].replace(" ", "") == "v=DMARC1"


def _dmarc_text(domain: str) -> str:
    return f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}"


def _aligned(bounce: str, sender: str, organisation: str, *, strict: bool) -> bool:
    """RFC 7489, 3.1.2; ``organisation``: where the policy was found, which both may be below."""
    if strict or bounce == sender:
        return bounce == sender
    bounds = (organisation, sender, bounce)
    return any(_below(bounce, bound) and _below(sender, bound) for bound in bounds)


def _below(domain: str, bound: str) -> bool:
    return domain == bound or domain.endswith(f".{bound}")


def _mx(dns: Dns, domain: str) -> Finding:
    what = f"MX of {domain}"
    fix = f"publish: {domain}. MX 10 HOST-THAT-TAKES-ITS-MAIL."
    hosts = dns.mx(domain)
    if not hosts:
        return Finding(what, False, "there is no record: bounces have nowhere to go", fix)
    if hosts == ["."]:
        return Finding(what, False, "the domain says that it takes no mail (RFC 7505)", fix)
    lost = [host for host in hosts if not dns.addresses(host)]
    if lost:
        said = f"{', '.join(lost)} has no address"
        return Finding(what, False, said, f"publish: {lost[0]}. A ADDRESS")
    return Finding(what, True, ", ".join(hosts))


def _bounces() -> Finding:
    address = settings.WAYHOME_BOUNCE_ADDRESS
    if not address:
        said = f"come back to {settings.WAYHOME_MAIL_FROM}, where no worker reads them"
        return Finding("bounces", False, said, "set WAYHOME_BOUNCE_ADDRESS (docs/howto/mail.md)")
    if wrong := return_path.fault():
        said = f"come back to {settings.WAYHOME_MAIL_FROM}, for {wrong}"
        return Finding("bounces", False, said, "mend WAYHOME_BOUNCE_ADDRESS")
    taken = settings.WAYHOME_BOUNCE_LMTP or settings.WAYHOME_BOUNCE_MAILDIR
    if not taken:
        said = f"come back to {address}; see that its mail server pipes them to `wayhome mail take`"
        return Finding("bounces", None, f"{said}, since no worker takes them")
    return Finding("bounces", True, f"come back to {address} and are taken from {taken}")


def _tags(record: str) -> dict[str, str]:
    """``tag=value`` pairs (RFC 6376, 3.2), blanks taken out."""
    pairs = [part.partition("=") for part in record.split(";") if "=" in part]
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}
