"""Recovery codes: ten, each good once, shown once, kept as keyed hashes."""

import secrets

from django.conf import settings
from django.utils.crypto import salted_hmac

from wayhome.officers.account_models import RecoveryCode
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.officers.sealing import signing_keys
from wayhome.work.clock import database_now
from wayhome.work.db import writes

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS, _IN_GROUP = 3, 4  # 59 bits
_SALT = "wayhome.officers.recovery"


@writes
def make(officer: Officer) -> list[str]:
    """New codes, such as ``k3fd-9mzq-w2hx``, to be shown once; the older ones hold no more."""
    forget(officer)
    codes = [
        "-".join(
            "".join(secrets.choice(_LETTERS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS)
        )
        for _ in range(COUNT)
    ]
    now = database_now()
    RecoveryCode.objects.bulk_create(
        [
            RecoveryCode(officer=officer, code_hash=_hash(officer, code), made_at=now)
            for code in codes
        ]
    )
    note(Deed.CODES_MADE, officer, by=officer)
    return codes


@writes
def use(officer: Officer, typed: str) -> bool:
    """Whether this is one of the officer's codes; from now on it is none."""
    hashes = [_hash(officer, typed, key) for key in signing_keys()]
    unused = RecoveryCode.objects.filter(
        officer=officer, code_hash__in=hashes, used_at__isnull=True
    )
    return unused.update(used_at=database_now()) == 1


def left(officer: Officer) -> int:
    """How many codes are still good."""
    return RecoveryCode.objects.filter(officer=officer, used_at__isnull=True).count()


@writes
def forget(officer: Officer) -> None:
    RecoveryCode.objects.filter(officer=officer).delete()


def _hash(officer: Officer, code: str, key: str | None = None) -> str:
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return salted_hmac(
        _SALT, f"{officer.pk}:{plain}", secret=key or settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()
