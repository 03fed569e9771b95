"""Find and write an issue's audience, count previews, and read drafts back."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median

import numpy as np
from django.db.models import Count

from wayhome.audience import sql
from wayhome.audience.affects import Window
from wayhome.audience.matching import Matched, match
from wayhome.audience.models import AudienceRow, Certainty, Reason
from wayhome.audience.reached import ways_to
from wayhome.audience.watching import watchers
from wayhome.bulletins.models import Bulletin, Issue, IssueKind, State
from wayhome.bulletins.services import fill_readback
from wayhome.places.region import parse
from wayhome.places.resolve import Resolved, resolve
from wayhome.places.words import in_words
from wayhome.travellers import quarantine
from wayhome.travellers.models import Assurance, Registration
from wayhome.trips.freshness_asks import words_of
from wayhome.work import clock
from wayhome.work.db import know_tables, stored, writes

IN_CHUNK = 900  # within SQLite's limit on parameters of old builds
USUAL_OVER = 10  # issues whose median is "the usual"


@dataclass(frozen=True)
class Counts:
    """People by certainty, reason, area and assurance; contact points by channel and language.

    ``people`` are those there or due, watchers apart. Nobody is named.
    """

    people: int
    certain: int
    possible: int
    watching: int
    by_reason: dict[str, int] = field(default_factory=dict)
    by_area: dict[str, int] = field(default_factory=dict)
    by_assurance: dict[str, int] = field(default_factory=dict)
    # How long ago it was said that they are there, by certainty: "certain, fresh".
    by_freshness: dict[str, int] = field(default_factory=dict)
    contact_points: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    unreached: int = 0


def window_of(bulletin: Bulletin | Issue) -> Window:
    """The days a bulletin asks about: now, or its later beginning, with its lead and grace."""
    start = max(bulletin.effective_at or clock.now(), clock.now())
    return Window(start, start, bulletin.lead_days, bulletin.grace_days)


def find(region: Resolved, window: Window, travellers: Sequence[int] | None = None) -> Matched:
    """Everyone affected, and those who watch an area of the region; by traveller, as matched."""
    there = _without_doubtful(match(region, window, travellers), travellers)
    watching = np.array(watchers(region, travellers), dtype=np.int64)
    watching = np.setdiff1d(watching, there.traveller)
    together = Matched(
        np.concatenate([there.traveller, watching]),
        np.concatenate([there.certainty, np.full(len(watching), int(Certainty.WATCHING))]),
        np.concatenate([there.reason, np.full(len(watching), int(Reason.WATCHING))]),
        np.concatenate([there.stay, np.zeros(len(watching), dtype=np.int64)]),
        np.concatenate([there.area, np.full(len(watching), "", dtype=object)]),
    )
    return together.ordered()


def _without_doubtful(there: Matched, travellers: Sequence[int] | None) -> Matched:
    """Nobody who came in a burst and is in quarantine counts as certain; they are warned alike."""
    doubtful = quarantine.doubtful(travellers)
    if not len(doubtful):
        return there
    possible = np.isin(there.traveller, doubtful) & (there.certainty == int(Certainty.CERTAIN))
    return replace(there, certainty=np.where(possible, int(Certainty.POSSIBLE), there.certainty))


def _by_freshness(found: Matched) -> dict[str, int]:
    words = {int(Certainty.CERTAIN): "certain", int(Certainty.POSSIBLE): "possible"}
    certainties = {
        int(stay): words[int(certainty)]
        for stay, certainty in zip(found.stay, found.certainty, strict=True)
        if stay and int(certainty) in words
    }
    return _tally([f"{certainties[stay]}, {fresh}" for stay, fresh in words_of(list(certainties))])


def count(region: Resolved, window: Window, *, verified_only: bool = False) -> Counts:
    """Preview counts of a region and window. Writes nothing."""
    found = find(region, window)
    there = found.reason != int(Reason.WATCHING)
    people = found.traveller[there]
    ways = ways_to([int(t) for t in found.traveller], verified_only=verified_only)
    by_assurance: dict[str, int] = {}
    for chunk in chunks([int(t) for t in people]):
        rows = (
            Registration.objects.filter(traveller_id__in=chunk)
            .values_list("traveller_id", "assurance")
            .order_by("traveller_id", "assurance")
        )
        for assurance in dict(rows).values():  # the surest of each traveller
            word = Assurance(assurance).label
            by_assurance[word] = by_assurance.get(word, 0) + 1
    return Counts(
        people=len(people),
        certain=int((found.certainty[there] == int(Certainty.CERTAIN)).sum()),
        possible=int((found.certainty[there] == int(Certainty.POSSIBLE)).sum()),
        watching=int((~there).sum()),
        by_reason=_tally([Reason(int(r)).label for r in found.reason]),
        by_area=_tally([str(a) for a in found.area[there]]),
        by_assurance=dict(sorted(by_assurance.items())),
        by_freshness=_by_freshness(found),
        contact_points=ways.by_channel,
        languages=ways.by_language,
        unreached=len(found) - ways.reached,
    )


@writes
def add(issue: Issue, found: Matched, start: int, end: int) -> None:
    """Write the rows ``start`` to ``end`` of what was found; those written before stay."""
    at = stored(clock.now())
    sql.add(
        (
            issue.pk,
            int(found.traveller[i]),
            int(found.certainty[i]),
            int(found.reason[i]),
            int(found.stay[i]) or None,
            str(found.area[i]),
            at,
        )
        for i in range(start, end)
    )


def earlier_issues(issue: Issue) -> list[int]:
    """Numbers of the issues before this one in its thread."""
    if issue.issue_kind == IssueKind.FIRST:
        return []
    rows = Issue.objects.filter(bulletin=issue.bulletin_id, n__lt=issue.n)
    return list(rows.values_list("pk", flat=True))


def read_back(bulletin_id: int) -> None:
    """Count what storage holds of a submitted bulletin and fill its readback."""
    bulletin = Bulletin.objects.get(pk=bulletin_id)
    if bulletin.state not in (State.SUBMITTED, State.SIGNED):
        return
    know_tables()
    region = parse(bulletin.region)
    counts = count(
        resolve(region),
        window_of(bulletin),
        verified_only=bulletin.distribution == "verified persons",
    )
    fill_readback(bulletin.pk, bulletin.version, asdict(counts), in_words(region), _usual(bulletin))


def in_force(*, cancels: bool = False) -> list[Issue]:
    """The newest issue of each thread that holds now; cancels only where they are asked for."""
    rows = Issue.objects.filter(newest_of__isnull=False).exclude(expires_at__lte=clock.now())
    if not cancels:
        rows = rows.exclude(issue_kind=IssueKind.CANCEL)
    return list(rows.order_by("pk"))


def chunks(ids: Sequence[int], size: int = IN_CHUNK) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _usual(bulletin: Bulletin) -> int | None:
    """Median audience of the last issues of this kind by the same source; None without any."""
    issues = (
        Issue.objects.filter(kind=bulletin.kind, source=bulletin.source)
        .exclude(issue_kind=IssueKind.CANCEL)
        .order_by("-pk")
        .values_list("pk", flat=True)[:USUAL_OVER]
    )
    sizes = (
        AudienceRow.objects.filter(issue_id__in=list(issues))
        .exclude(reason=Reason.WATCHING)
        .values("issue_id")
        .annotate(n=Count("traveller_id"))
        .values_list("n", flat=True)
    )
    return int(median(sizes)) if sizes else None


def _tally(words: list[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    return dict(sorted(counted.items()))
