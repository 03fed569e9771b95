"""Rules of bulletins: allowed steps, the five elements of a warning, the hash of a draft."""

import hashlib
import json

import shapely
from django.core.serializers.json import DjangoJSONEncoder

from wayhome.bulletins.models import (
    Ask,
    Bulletin,
    BulletinText,
    Distribution,
    IssueKind,
    Kind,
    State,
)
from wayhome.places.errors import PlaceError
from wayhome.places.fingerprint import fingerprint
from wayhome.places.region import AnyRegion, parse
from wayhome.places.resolve import resolve
from wayhome.problems import Problem
from wayhome.work import clock

# from state -> states that a step may lead to
TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.DRAFT, State.SUBMITTED}),
    State.SUBMITTED: frozenset({State.DRAFT, State.SIGNED}),
    State.SIGNED: frozenset({State.DRAFT, State.PUBLISHED, State.CANCELLED}),
    State.PUBLISHED: frozenset({State.DRAFT}),  # by beginning an update or a cancel
    State.CANCELLED: frozenset(),
}

# A count this many times the usual, or none at all, stops and asks.
UNUSUAL_TIMES = 10


# From the narrowest on.
_WIDENS: tuple[str, ...] = (Distribution.OFFICERS, Distribution.VERIFIED, Distribution.PUBLIC)


def check_transition(bulletin: Bulletin, to: State) -> None:
    if to not in TRANSITIONS[State(bulletin.state)]:
        raise Problem(
            "state", f"is {bulletin.state}: it cannot become {to.value}", "reload the page"
        )


def faults(bulletin: Bulletin, texts: list[BulletinText]) -> list[Problem]:
    """What keeps a draft from being submitted: the five elements and what else must be said.

    A warning says its source, hazard, place, time and what to do (the elements that research on
    public warnings found necessary for people to act).
    """
    found: list[Problem] = []
    if not bulletin.source.strip():
        found.append(Problem("source", "is empty", "say who warns"))
    if not bulletin.hazard.strip():
        found.append(Problem("hazard", "is empty", "say what has happened or may happen"))
    try:
        resolve(parse(bulletin.region))
    except PlaceError as error:
        found.append(Problem("region", error.problem, error.fix))
    cancels = bulletin.issue_kind == IssueKind.CANCEL
    newest = bulletin.newest_issue
    if newest and _WIDENS.index(bulletin.distribution) < _WIDENS.index(newest.distribution):
        found.append(
            Problem(
                "distribution",
                f"is narrower than that of the issue in force ({newest.distribution})",
                "it goes to all who got that issue: keep it, or draft another bulletin",
            )
        )
    if bulletin.kind == Kind.WARNING and bulletin.expires_at is None and not cancels:
        found.append(Problem("expires", "is empty", "a warning says until when it holds"))
    if bulletin.kind == Kind.ADVISORY and bulletin.level not in (1, 2, 3, 4):
        found.append(
            Problem("level", f"is {bulletin.level}", "an advisory has a level from 1 to 4")
        )
    if bulletin.kind == Kind.WARNING and bulletin.level is not None:
        found.append(Problem("level", "belongs to advisories", "leave it empty"))
    if bulletin.expires_at is not None:
        if bulletin.expires_at <= clock.now():
            found.append(Problem("expires", "is in the past", "set a later time"))
        if bulletin.effective_at and bulletin.expires_at <= bulletin.effective_at:
            found.append(Problem("expires", "is not after its beginning", "set a later time"))
    if bulletin.ask not in Ask.values:
        found.append(Problem("ask", f"{bulletin.ask!r} is none", "choose what reply is asked"))
    if not texts:
        found.append(Problem("texts", "there is none", "write it in one language at least"))
    for text in texts:
        needed = ("headline", "body") if cancels else ("headline", "body", "instruction")
        found += [
            Problem(f"{name} ({text.language})", "is empty", "write it")
            for name in needed
            if not getattr(text, name).strip()
        ]
        if not cancels and not text.correction.strip():
            found.append(
                Problem(
                    f"correction ({text.language})",
                    "is empty",
                    "write now what people shall read if this proves wrong",
                )
            )
        if text.vouched_by is None:
            found.append(
                Problem(f"text ({text.language})", "nobody vouches for it", "name who reads it")
            )
    return found


def draft_hash(bulletin: Bulletin, texts: list[BulletinText]) -> str:
    """SHA-256 of everything that would be published; any edit changes it."""
    content = {name: getattr(bulletin, name) for name in CONTENT} | {
        "bulletin": bulletin.pk,
        "version": bulletin.version,
        "issue_kind": bulletin.issue_kind,
        "texts": [
            {name: getattr(text, name) for name in (*TEXT_CONTENT, "vouched_by")}
            for text in sorted(texts, key=lambda text: text.language)
        ],
    }
    canonical = json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def region_hash(region: AnyRegion) -> str:
    """SHA-256 of what a region resolves to now: its codes and its exact geometry."""
    resolved = resolve(region)
    codes = ",".join(sorted(resolved.codes))
    shape = shapely.to_wkb(shapely.normalize(resolved.geometry()))
    return hashlib.sha256(f"{fingerprint(region)}:{codes}:".encode() + shape).hexdigest()


CONTENT = (
    "kind",
    "level",
    "distribution",
    "ask",
    "source",
    "hazard",
    "region",
    "effective_at",
    "expires_at",
    "lead_days",
    "grace_days",
)
TEXT_CONTENT = ("language", "headline", "body", "instruction", "correction")
