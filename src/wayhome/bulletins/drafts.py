"""Drafts as they are kept: taken from what an officer says, locked, and their steps recorded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from django.db import connection

from wayhome.bulletins import rules
from wayhome.bulletins.models import (
    Bulletin,
    BulletinText,
    Distribution,
    Kind,
    Readback,
    Step,
    TextContent,
)
from wayhome.officers.models import Officer
from wayhome.places.region import AnyRegion
from wayhome.places.resolve import storable
from wayhome.problems import Problem
from wayhome.travellers.services import clean_words, is_shown
from wayhome.work import clock

MOST_DAYS = 365  # of lead or grace
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,6})?")


@dataclass(frozen=True)
class TextSaid:
    """The words in one language, and whether the officer who writes them vouches for them."""

    language: str
    headline: str
    body: str
    instruction: str
    correction: str = ""


@dataclass(frozen=True)
class BulletinSaid:
    """What an officer drafts. ``effective_at`` None: from publication on."""

    kind: str
    region: AnyRegion
    source: str
    hazard: str
    texts: tuple[TextSaid, ...]
    level: int | None = None
    distribution: str = Distribution.PUBLIC
    ask: str = "none"
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    lead_days: int = 7
    grace_days: int = 7


def take(bulletin: Bulletin, said: BulletinSaid) -> None:
    if said.kind not in Kind.values:
        raise Problem("kind", f"{said.kind!r} is none", "use advisory or warning")
    if said.distribution not in Distribution.values:
        raise Problem(
            "distribution",
            f"{said.distribution!r} is none",
            f"use one of {', '.join(Distribution.values)}",
        )
    for name in ("effective_at", "expires_at"):
        moment = getattr(said, name)
        if moment is not None and moment.tzinfo is None:
            raise Problem(name, "has no time zone", "add it, for example +03:00 or Z")
        clock.check_range(name, moment)
    for field in fields(said):
        if field.name not in ("texts", "region"):
            value = getattr(said, field.name)
            setattr(bulletin, field.name, clean_words(value) if isinstance(value, str) else value)
    bulletin.region = storable(said.region)
    if said.level not in (None, 1, 2, 3, 4):
        raise Problem("level", f"is {said.level}", "an advisory has a level from 1 to 4")
    for name in ("lead_days", "grace_days"):
        if not 0 <= getattr(said, name) <= MOST_DAYS:
            raise Problem(name, f"is {getattr(said, name)}", f"use 0 to {MOST_DAYS} days")
    _check_lengths(bulletin, "")


def _check_lengths(row: Bulletin | BulletinText, of: str) -> None:
    """SQLite keeps what is too long for its column, PostgreSQL fails: neither is an answer."""
    for column in row._meta.fields:
        value = getattr(row, column.attname)
        if column.max_length and isinstance(value, str) and len(value) > column.max_length:
            raise Problem(
                f"{column.name}{of}",
                f"has {len(value)} characters",
                f"use at most {column.max_length}",
            )


def write_texts(
    bulletin: Bulletin,
    texts: tuple[TextSaid, ...],
    officer: Officer,
    before: Iterable[TextContent] = (),
) -> None:
    """Write the texts of a draft anew. Whoever vouched for words that stood ``before`` and are
    unchanged still does; ``officer`` vouches for the others."""
    vouched = {_words(text): getattr(text, "vouched_by", None) for text in before}
    languages = [text.language for text in texts]
    if len(set(languages)) != len(languages):
        raise Problem("texts", "one language stands twice", "keep one text for each language")
    for text in texts:
        row = BulletinText(
            bulletin=bulletin,
            **{name: clean_text(getattr(text, name)) for name in rules.TEXT_CONTENT},
        )
        row.headline = clean_words(text.headline)
        row.vouched_by = vouched.get(_words(row)) or officer.pk
        _check_lengths(row, f" ({text.language[:10]})")
        if not _LANGUAGE.fullmatch(text.language):
            raise Problem("language", f"{text.language!r} is none", "use a code such as en or ar")
        row.save()


def _words(text: TextContent) -> tuple[str, ...]:
    """What a voucher has read: the language and all that people would read at once. The
    correction of a text is read with it."""
    return tuple(getattr(text, name) for name in rules.TEXT_CONTENT)


def clean_text(text: str) -> str:
    """Without control characters (line breaks stay); every other space is an ordinary one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    spaced = (c if c == "\n" or not c.isspace() else " " for c in text)
    return "".join(c for c in spaced if c == "\n" or is_shown(c)).strip()


def step(
    bulletin: Bulletin,
    officer: Officer,
    did: Step.Did,
    readback: Readback | None = None,
    why: str = "",
) -> None:
    Step.objects.create(
        bulletin=bulletin,
        version=bulletin.version,
        did=did,
        officer_id=officer.pk,
        readback=readback,
        why=clean_words(why)[:300],
        at=clock.now(),
    )


def locked(bulletin_id: int) -> Bulletin:
    rows = Bulletin.objects.all()
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",))
    bulletin = rows.filter(pk=bulletin_id).first()
    if bulletin is None:
        raise Problem("bulletin", f"{bulletin_id} is unknown", "list the bulletins")
    return bulletin


def hands(bulletin: Bulletin) -> set[int]:
    """Everyone who wrote or submitted what is in hand: since the last publication, or since a
    follow-up was dropped, of which nothing is left."""
    steps = bulletin.steps.exclude(did__in=[Step.Did.SIGNED, Step.Did.RETURNED])
    ends = [Step.Did.PUBLISHED, Step.Did.DROPPED]
    last = bulletin.steps.filter(did__in=ends).order_by("pk").last()
    if last is not None:
        steps = steps.filter(pk__gt=last.pk)
    return set(steps.values_list("officer_id", flat=True))
