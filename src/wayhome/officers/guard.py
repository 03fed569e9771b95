"""Limits on guessing, kept in the database for any number of web processes.

A try is counted before it is judged, so that a hundred at once are a hundred; success takes it
back. Accounts are counted as typed, whether or not there is such an officer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import F
from django.utils.crypto import salted_hmac

from wayhome.officers import pauses
from wayhome.officers.account_models import SignInTries
from wayhome.officers.pauses import ACCOUNT_ATTACKED, NETWORK_ATTACKS, Tries
from wayhome.work.clock import database_now
from wayhome.work.db import writes

_SALT = "wayhome.officers.guard"
_TIDIED_AT_ONCE = 200


class Wait(Exception):
    """Too many tries: this account may be tried again from here in ``seconds``."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"wait {seconds} s")


@dataclass(frozen=True)
class Place:
    """Where a try comes from: the network, and the name of a browser in which this account has
    signed in before, or nothing."""

    network: str
    known_browser: str = ""


@dataclass(frozen=True)
class Attempt:
    """One try that was counted."""

    at_place: str
    account: str
    network: str


@writes
def attempt(email: str, place: Place, now: datetime | None = None) -> Attempt:
    """Count one try of an account from a place; Wait where it comes too soon (and is not counted).

    Nothing is judged here: call ``succeeded`` or ``take_back`` with what is returned if it did.
    """
    now = now or database_now()
    mail = email.strip().casefold()
    made = Attempt(
        at_place=_key("place", mail, place.known_browser or f"network {place.network}"),
        account=_key("account", mail),
        network=_key("network", place.network),
    )
    rows = _locked(sorted({made.at_place, made.account, made.network}), now)
    account, network = rows.get(made.account), rows.get(made.network)
    strict = not place.known_browser and (
        pauses.level(account, now, ACCOUNT_ATTACKED) >= ACCOUNT_ATTACKED
        or pauses.level(network, now, NETWORK_ATTACKS) >= NETWORK_ATTACKS
    )
    left = pauses.wait(rows.get(made.at_place), now, strict=strict)
    if left > timedelta(0):
        raise Wait(ceil(left.total_seconds()))
    _keep(
        {
            made.at_place: pauses.tried(rows.get(made.at_place), now),
            made.account: pauses.poured(account, now, ACCOUNT_ATTACKED),
            made.network: pauses.poured(network, now, NETWORK_ATTACKS),
        }
    )
    return made


@writes
def succeeded(made: Attempt) -> None:
    """The try was right: the place is clear again, and it counts against nobody."""
    SignInTries.objects.filter(key=made.at_place).delete()
    for key in sorted({made.account, made.network}):
        SignInTries.objects.filter(key=key, count__gte=1).update(count=F("count") - 1)


@writes
def take_back(made: Attempt) -> None:
    """The try was right and was not the last to be made (a password, before its code): it counts
    for nothing, and earlier ones still do."""
    for key in sorted({made.at_place, made.account, made.network}):
        SignInTries.objects.filter(key=key, count__gte=1).update(count=F("count") - 1)


@writes
def tidy() -> int:
    """Forget tries that nobody need remember; how many rows went."""
    old = database_now() - 2 * pauses.FORGOTTEN
    keys = list(
        SignInTries.objects.filter(last_at__lt=old)
        .order_by("last_at")
        .values_list("key", flat=True)[:_TIDIED_AT_ONCE]
    )
    return SignInTries.objects.filter(key__in=keys, last_at__lt=old).delete()[0]


def _key(*parts: str) -> str:
    # Parts are joined by what none of them can hold, so that no two meet.
    return salted_hmac(_SALT, "\0".join(parts), algorithm="sha256").hexdigest()


def _locked(keys: list[str], now: datetime) -> dict[str, Tries]:
    """These rows, held until the transaction ends, in one order for everybody; made where new."""
    SignInTries.objects.bulk_create(
        [SignInTries(key=key, count=0, last_at=now) for key in keys], ignore_conflicts=True
    )
    rows = SignInTries.objects.select_for_update().filter(key__in=keys).order_by("key")
    return {row.key: Tries(row.count, row.last_at) for row in rows}


def _keep(rows: dict[str, Tries]) -> None:
    SignInTries.objects.bulk_create(
        [
            SignInTries(key=key, count=tries.count, last_at=tries.last_at)
            for key, tries in sorted(rows.items())
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["count", "last_at"],
    )
