"""Read bulletins and issues for pages; nobody's personal data is among them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Q, QuerySet

from wayhome.bulletins import rules
from wayhome.bulletins.models import (
    Bulletin,
    Distribution,
    Issue,
    IssueKind,
    Readback,
    State,
    TextContent,
)
from wayhome.work import clock

Text = TypeVar("Text", bound=TextContent)
IN_HAND = (State.DRAFT, State.SUBMITTED, State.SIGNED)


def text_for(texts: Iterable[Text], language: str = "en") -> Text | None:
    """The words in ``language``, else in English, else in the first language there is."""
    by_language = {text.language: text for text in texts}
    chosen = by_language.get(language) or by_language.get("en")
    return chosen or next(iter(by_language.values()), None)


def issues_in_force(*, public_only: bool = False, limit: int = 200) -> list[Issue]:
    """The newest issue of each thread that holds now, the latest first, texts with them."""
    issues = _in_force().order_by("-published_at", "-pk")
    if public_only:
        issues = issues.filter(distribution=Distribution.PUBLIC)
    return list(issues[:limit])


def public_issue(issue_id: int) -> Issue | None:
    """One public issue in force, or None."""
    return _in_force().filter(pk=issue_id, distribution=Distribution.PUBLIC).first()


def in_hand(limit: int = 100) -> list[Bulletin]:
    """Bulletins that somebody still has to do something about, the oldest first."""
    rows = Bulletin.objects.filter(state__in=IN_HAND).prefetch_related("texts")
    return list(rows.order_by("pk")[:limit])


def threads(limit: int = 100) -> list[Bulletin]:
    """Bulletins that have an issue, the newest first, with the texts of that issue."""
    rows = Bulletin.objects.exclude(newest_issue=None).select_related("newest_issue__readback")
    return list(rows.prefetch_related("newest_issue__texts").order_by("-newest_issue_id")[:limit])


def issues_by_number(numbers: Iterable[int]) -> dict[int, Issue]:
    """These issues with their texts."""
    return Issue.objects.prefetch_related("texts").in_bulk(set(numbers))


def find(bulletin_id: int) -> Bulletin | None:
    """One bulletin with its texts and its newest issue."""
    return (
        Bulletin.objects.filter(pk=bulletin_id)
        .select_related("newest_issue__readback")
        .prefetch_related("texts", "newest_issue__texts")
        .first()
    )


def find_issue(issue_id: int) -> Issue | None:
    return (
        Issue.objects.filter(pk=issue_id)
        .select_related("bulletin", "readback")
        .prefetch_related("texts")
        .first()
    )


def newest_of(issue: Issue) -> Issue | None:
    """The newest issue of the same thread, with its texts."""
    return find_issue(issue.bulletin.newest_issue_id) if issue.bulletin.newest_issue_id else None


def readback_in_hand(bulletin: Bulletin) -> Readback | None:
    """The newest readback of the version in hand, or None while it is owed."""
    newest = bulletin.readbacks.order_by("pk").last()
    return newest if newest and newest.version == bulletin.version else None


def is_old(readback: Readback) -> bool:
    """Whether it is too old to be signed."""
    oldest = clock.now() - timedelta(minutes=settings.WAYHOME_READBACK_MINUTES)
    return readback.made_at < oldest


def is_unusual(readback: Readback) -> bool:
    """Whether its count stops and asks: nobody, or many times the usual."""
    people = int(readback.counts["people"])
    if people == 0 or readback.usual is None:
        return people == 0
    return people >= rules.UNUSUAL_TIMES * max(readback.usual, 1)


def _in_force() -> "QuerySet[Issue]":
    now = clock.now()
    return (
        Issue.objects.filter(newest_of__isnull=False)
        .exclude(issue_kind=IssueKind.CANCEL)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .select_related("bulletin", "readback")
        .prefetch_related("texts")
    )
