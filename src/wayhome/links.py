"""Signed links: what a person holds instead of a password. Forged or old ones open nothing."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from wayhome.problems import Problem

_REPLY_SALT = "wayhome.links.reply"
_TRIPS_SALT = "wayhome.links.trips"
_WATCH_SALT = "wayhome.links.watch"
_CODE_SALT = "wayhome.links.code"
_STILL_SALT = "wayhome.links.still"
_LONGEST = 400


@dataclass(frozen=True)
class ReplyLink:
    """One adult's way to answer one issue, by one contact point while its epoch lasts.

    It names the registration, so that it still holds when two records are joined.
    """

    issue_id: int
    contact_point_id: int
    registration_id: int
    epoch: int


@dataclass(frozen=True)
class TripsLink:
    """The way to one registration's own page, until its epoch is raised."""

    registration_id: int
    epoch: int


@dataclass(frozen=True)
class WatchLink:
    """One adult's way to stop watching the areas that one issue concerned, and nothing else.

    It names the registration as a reply link does, and holds as long.
    """

    issue_id: int
    contact_point_id: int
    registration_id: int
    epoch: int


@dataclass(frozen=True)
class CodeLink:
    """The way to verify the address that one code was sent to."""

    code_id: int


@dataclass(frozen=True)
class StillLink:
    """One adult's way to say that what is written of their stays holds, by one contact point."""

    contact_point_id: int
    registration_id: int
    epoch: int


def reply_token(link: ReplyLink) -> str:
    values = (link.issue_id, link.contact_point_id, link.registration_id, link.epoch)
    return signing.Signer(salt=_REPLY_SALT).sign_object(values)


def reply_url(link: ReplyLink) -> str:
    return f"{settings.WAYHOME_PUBLIC_URL}/r/{reply_token(link)}/"


def read_reply(token: str) -> ReplyLink:
    """Problem where the link was not made here; every fault reads alike."""
    return ReplyLink(*_read(token, _REPLY_SALT, 4))


def trips_token(link: TripsLink) -> str:
    return signing.Signer(salt=_TRIPS_SALT).sign_object((link.registration_id, link.epoch))


def trips_url(link: TripsLink) -> str:
    return f"{settings.WAYHOME_PUBLIC_URL}/my/{trips_token(link)}/"


def read_trips(token: str) -> TripsLink:
    return TripsLink(*_read(token, _TRIPS_SALT, 2))


def registrations_linked(text: str) -> set[int]:
    """Whose own pages the words of a letter lead to: links have a line of their own there."""
    link = re.compile(rf"^{re.escape(settings.WAYHOME_PUBLIC_URL)}/my/([^/\s]+)/$", re.MULTILINE)
    return {read_trips(token).registration_id for token in link.findall(text)}


def watch_token(link: WatchLink) -> str:
    values = (link.issue_id, link.contact_point_id, link.registration_id, link.epoch)
    return signing.Signer(salt=_WATCH_SALT).sign_object(values)


def watch_url(link: WatchLink) -> str:
    return f"{settings.WAYHOME_PUBLIC_URL}/w/{watch_token(link)}/"


def read_watch(token: str) -> WatchLink:
    return WatchLink(*_read(token, _WATCH_SALT, 4))


def code_url(link: CodeLink) -> str:
    return f"{settings.WAYHOME_PUBLIC_URL}/v/{code_token(link)}/"


def code_token(link: CodeLink) -> str:
    return signing.Signer(salt=_CODE_SALT).sign_object((link.code_id,))


def read_code(token: str) -> CodeLink:
    return CodeLink(*_read(token, _CODE_SALT, 1))


def still_url(link: StillLink) -> str:
    return f"{settings.WAYHOME_PUBLIC_URL}/still/{still_token(link)}/"


def still_token(link: StillLink) -> str:
    values = (link.contact_point_id, link.registration_id, link.epoch)
    return signing.Signer(salt=_STILL_SALT).sign_object(values)


def read_still(token: str) -> StillLink:
    return StillLink(*_read(token, _STILL_SALT, 3))


def invalid() -> Problem:
    """The one answer to any link that does not hold, whatever the cause."""
    return Problem("link", "does not hold", "open the newest message, or enrol again")


def _read(token: str, salt: str, length: int) -> list[int]:
    if len(token) > _LONGEST:
        raise invalid()
    try:
        values = signing.Signer(salt=salt).unsign_object(token)
    except signing.BadSignature as error:
        raise invalid() from error
    if not (isinstance(values, list) and len(values) == length):
        raise invalid()
    return [int(value) for value in values]
