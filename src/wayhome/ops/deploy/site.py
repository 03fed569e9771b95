"""The pages' address, cookies, the database, and the people who may publish."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from wayhome.officers import second_factor
from wayhome.officers.accounts import count_without_factor
from wayhome.officers.models import Officer
from wayhome.officers.roles import MAY, Role, Verb
from wayhome.ops.deploy.findings import Finding
from wayhome.ops.ready import pending_migrations


def findings() -> Iterator[Finding]:
    yield _address()
    yield _hosts()
    yield _cookies()
    if pending := pending_migrations():
        lacks = f"{len(pending)} upgrades are missing"
        yield Finding("database", False, lacks, "wayhome migrate")
    else:
        yield Finding("database", True, "up to date")
        yield _officers()
        yield _second_factors()


def _address() -> Finding:
    url = settings.WAYHOME_PUBLIC_URL
    parts = urlsplit(url)
    fix = "set WAYHOME_PUBLIC_URL=https://HOST, the name that travellers can open"
    if parts.scheme != "https":
        said = f"{url} is not HTTPS: links in messages could be read and changed on the way"
        return Finding("public address", False, said, fix)
    if not url.isascii():
        said = f"{url} has letters outside ASCII, which links in mail cannot hold"
        return Finding("public address", False, said, "write its host name as xn--…")
    return Finding("public address", True, url)


def _hosts() -> Finding:
    host = urlsplit(settings.WAYHOME_PUBLIC_URL).hostname or ""
    named = [name.lower() for name in settings.ALLOWED_HOSTS]
    covered = host in named or any(name[:1] == "." and host.endswith(name) for name in named)
    if covered or "*" in named:
        return Finding("host names", True, ", ".join(settings.ALLOWED_HOSTS))
    said = f"{host} is not among those this site answers to"
    return Finding("host names", False, said, f"set WAYHOME_HOSTS={host}")


def _cookies() -> Finding:
    if settings.SESSION_COOKIE_SECURE:
        return Finding("cookies", True, "over HTTPS only")
    said = "officers' cookies would go over plain HTTP too"
    return Finding("cookies", False, said, "set WAYHOME_SECURE_COOKIES=true")


def _officers() -> Finding:
    """One writes and publishes, another signs: with fewer nothing can be published."""
    roles = list(Officer.objects.filter(is_active=True).values_list("role", flat=True))
    able = [MAY[Role(role)] for role in roles if role in set(Role)]
    signers = sum(Verb.SIGN in verbs for verbs in able)
    writers = sum(Verb.COMPOSE in verbs and Verb.PUBLISH in verbs for verbs in able)
    if signers >= 1 and writers >= 2:
        return Finding("officers", True, f"{writers} may write and publish, {signers} may sign")
    said = f"{writers} may write and publish, {signers} may sign: two people are needed"
    fix = "wayhome officer add MAIL --name NAME --role " + ("officer" if signers else "approver")
    return Finding("officers", False, said, fix)


def _second_factors() -> Finding:
    """Whoever has none is asked to set one at their next sign-in, by their password alone."""
    what = "second factors"
    if not second_factor.is_required():
        said = "officers sign in with a password alone"
        return Finding(what, False, said, "set WAYHOME_SECOND_FACTOR=required")
    without = count_without_factor()
    if not without:
        return Finding(what, True, "each officer has one")
    said = f"{without} officers have set none yet, and whoever has their password could"
    return Finding(what, None, said, "let them sign in soon; wayhome officer list names them")
