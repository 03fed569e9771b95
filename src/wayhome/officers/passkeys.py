"""Passkeys (WebAuthn level 2): made for this site's name alone, and asked for with the officer
verified by the device (a finger, a face, a PIN), so that one is two factors.
"""

import ipaddress
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from wayhome.officers.account_models import Passkey
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.problems import Problem
from wayhome.work.clock import database_now
from wayhome.work.db import writes

log = logging.getLogger(__name__)

LIFE = timedelta(minutes=5)  # of a question to a device
_MOST_LETTERS = 20_000
_MOST_PASSKEYS = 20


@dataclass(frozen=True)
class Question:
    """What a device is asked: ``options`` for the browser; ``state`` is kept until it answers."""

    options: dict[str, Any]
    state: dict[str, Any]


def are_possible() -> bool:
    """Whether browsers do passkeys at this site's address: a name, over HTTPS or on this host."""
    parts = urlsplit(settings.WAYHOME_PUBLIC_URL)
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" and "." in host
    return False


def ask_to_make(officer: Officer) -> Question:
    """Ask a device for a new passkey of this officer."""
    known = list(Passkey.objects.filter(officer=officer).order_by("pk"))
    handle = known[0].handle if known else websafe_encode(token_bytes(32))
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(
            id=websafe_decode(handle), name=officer.email, display_name=officer.name
        ),
        [AttestedCredentialData(bytes(each.public)) for each in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Question(_plain(options), _kept(state) | {"handle": handle})


@writes
def make(officer: Officer, state: Mapping[str, Any] | None, answer: str, name: str) -> Passkey:
    """Keep the passkey that the device made; Problem where its answer is not to be believed."""
    now = database_now()
    response = _read(answer)
    try:
        read = RegistrationResponse.from_dict(response)
        made = _server().register_complete(_fresh(state, now), read)
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(error) from error
    data = made.credential_data
    if data is None or state is None:
        raise _refused(ValueError("no credential"))
    if Passkey.objects.filter(officer=officer).count() >= _MOST_PASSKEYS:
        raise Problem("passkey", f"you have {_MOST_PASSKEYS} already", "remove one first")
    credential_id = websafe_encode(data.credential_id)
    if Passkey.objects.filter(credential_id=credential_id).exists():
        raise Problem("passkey", "is known already", "sign in with it")
    row = Passkey.objects.create(
        officer=officer,
        credential_id=credential_id,
        public=bytes(data),
        handle=str(state["handle"]),
        name=" ".join(name.split())[:60] or "Passkey",
        sign_count=made.counter,
        made_at=now,
    )
    note(Deed.FACTOR_ADDED, officer, by=officer, why=f"passkey {row.pk}")
    return row


def ask_to_sign_in() -> Question:
    """Ask a device for any passkey that it holds for this site: it names nobody."""
    options, state = _server().authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED
    )
    return Question(_plain(options), _kept(state))


@writes
def use(state: Mapping[str, Any] | None, answer: str) -> Passkey:
    """The passkey that a device has proven to hold; one Problem for every fault."""
    now = database_now()
    response = _read(answer)
    try:
        read = AuthenticationResponse.from_dict(response)
        row = (
            Passkey.objects.select_related("officer")
            .filter(credential_id=websafe_encode(read.raw_id), officer__is_active=True)
            .first()
        )
        known = [AttestedCredentialData(bytes(row.public))] if row else []
        _server().authenticate_complete(_fresh(state, now), known, read)
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(error) from error
    assert row is not None  # none would have been refused
    handle = read.response.user_handle
    if handle is not None and websafe_encode(handle) != row.handle:
        raise _refused(ValueError("another's handle"))
    count = read.response.authenticator_data.counter
    if (count or row.sign_count) and count <= row.sign_count:
        # Somebody has copied the key (WebAuthn 6.1.1), or a device counts wrongly.
        log.warning("passkey %s counted %s after %s", row.pk, count, row.sign_count)
        raise _refused(ValueError("its counter went back"))
    fresh = Passkey.objects.filter(pk=row.pk, sign_count=row.sign_count)
    if fresh.update(sign_count=count, last_used_at=now) != 1:
        raise _refused(ValueError("used twice at once"))
    return row


def _server() -> Fido2Server:
    host = urlsplit(settings.WAYHOME_PUBLIC_URL).hostname or ""
    site = PublicKeyCredentialRpEntity(id=host, name=settings.WAYHOME_SENDER_NAME)
    return Fido2Server(site, verify_origin=lambda origin: origin == _origin())


def _origin() -> str:
    """This site's origin as browsers write it (RFC 6454): without the port that goes unsaid."""
    parts = urlsplit(settings.WAYHOME_PUBLIC_URL)
    unsaid = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in (None, unsaid) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return plain


def _kept(state: Any) -> dict[str, Any]:
    until = database_now() + LIFE
    return {
        "challenge": str(state["challenge"]),
        "user_verification": UserVerificationRequirement.REQUIRED.value,
        "until": until.isoformat(),
    }


def _fresh(state: Mapping[str, Any] | None, now: datetime) -> Mapping[str, Any]:
    if state is None:
        raise ValueError("nothing was asked")
    if now > datetime.fromisoformat(str(state["until"])):
        raise ValueError("asked too long ago")
    return state


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer) if len(answer) <= _MOST_LETTERS else None
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise _refused(ValueError("no JSON object"))
    return read


def _refused(error: Exception) -> Problem:
    log.info("a passkey was refused: %s", type(error).__name__)
    return Problem("passkey", "was not accepted", "try again, or use your password and a code")
