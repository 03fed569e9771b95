"""How far the sending of an issue is: sent, delivered and answered are three facts.

From running totals, so that it costs the same for ten people and a million; only the people of
the audience are counted by index, in one query. Answers are a higher room's (``replies``).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, Q, Sum

from wayhome.audience.models import AudienceRow, Certainty
from wayhome.bulletins.models import Issue
from wayhome.delivery import pace, relays
from wayhome.delivery.models import (
    Attempt,
    DeliveryState,
    Dispatch,
    Receipt,
    Slice,
    SliceState,
    Total,
)
from wayhome.delivery.pace import Owing, Pace
from wayhome.delivery.recording import ENDS
from wayhome.delivery.relay_states import RelayState, states
from wayhome.work import clock

PLANNED, LATER = "planned", Attempt.Outcome.LATER.value
# Facts that say something went wrong or was given up; shown with their causes.
_WITH_CAUSES = (
    DeliveryState.REFUSED, Receipt.Word.BOUNCED, Receipt.Word.COMPLAINED, DeliveryState.WITHDRAWN,
    DeliveryState.TOO_OLD, LATER, Receipt.Word.DEFERRED,
)  # fmt: skip
MOST_CAUSES = 20


@dataclass(frozen=True)
class Cause:
    """Why so many deliveries by one channel were refused, bounced, put off and so on."""

    fact: str
    channel: str
    cause: str
    n: int


@dataclass(frozen=True)
class Waiting:
    """What is still owed by one channel to one receiving domain, and when it will have left."""

    channel: str
    domain: str
    owed: int
    seconds: int | None  # at the pace of the last minutes
    words: str


@dataclass(frozen=True)
class Progress:
    """One issue's numbers. ``planned`` = sent + refused + withdrawn + too old + owed + held.

    ``held``: owed, and not to be sent now: ``held_why`` is *stopped* (by an officer, until it is
    resumed) or *replaced* (a newer issue speaks). ``failed``: refused or bounced for good; what
    bounced was sent before. ``put_off``: tries, not messages.
    """

    issue_id: int
    audience: int
    certain: int
    possible: int
    watching: int
    planned: int
    sent: int
    delivered: int
    refused: int
    bounced: int
    failed: int
    complained: int
    withdrawn: int
    too_old: int
    put_off: int
    owed: int
    held: int
    held_why: str
    by_channel: dict[str, dict[str, int]]
    causes: list[Cause]
    is_planned: bool
    first_sent_at: datetime | None
    waiting: list[Waiting]
    other_domains: int
    relays: list[RelayState] = field(default_factory=list)
    last_error: str = ""


def progress(issue: Issue) -> Progress:
    """Where one issue stands now, in a number of queries that does not grow with its audience."""
    people = dict(
        AudienceRow.objects.filter(issue_id=issue.pk)
        .values("certainty")
        .annotate(n=Count("traveller_id"))
        .values_list("certainty", "n")
    )
    dispatch = Dispatch.objects.filter(pk=issue.pk).first()
    by_channel, causes = _totals(issue.pk)
    facts: dict[str, int] = defaultdict(int)
    for counts in by_channel.values():
        for fact, n in counts.items():
            facts[fact] += n
    held_why = ""
    if issue.bulletin.newest_issue_id != issue.pk:
        held_why = "replaced"
    elif dispatch is not None and dispatch.stopped_at is not None:
        held_why = "stopped"
    left = facts[PLANNED] - sum(facts[fact] for fact in ENDS)
    for counts in by_channel.values():
        ended = sum(counts.get(fact, 0) for fact in ENDS)
        counts["held" if held_why else "owed"] = counts.get(PLANNED, 0) - ended
    first_sent_at = dispatch.first_sent_at if dispatch else None
    open_slices = _open_slices(issue.pk)
    routes = {channel: relays.route_of(channel) for channel in by_channel}
    routes |= {channel: each.route for channel, each in open_slices.items()}
    of_relays = states(routes.values())
    waiting: list[Waiting] = []
    others = 0
    if left and not held_why:
        owing, others = pace.owing(issue.pk)
        now, real = clock.now(), clock.database_now()
        observed = pace.observed(issue.pk, first_sent_at, now)
        ready = {
            channel: each.due_at + (now - real) if each.due_at > real else None
            for channel, each in open_slices.items()
        }
        for each in owing:
            mine = [relay for relay in of_relays if relay.route == routes[each.channel]]
            waiting.append(_waiting(each, observed, ready.get(each.channel), mine, now))
    return Progress(
        issue_id=issue.pk,
        audience=sum(people.values()),
        certain=people.get(Certainty.CERTAIN, 0),
        possible=people.get(Certainty.POSSIBLE, 0),
        watching=people.get(Certainty.WATCHING, 0),
        planned=facts[PLANNED],
        sent=facts[DeliveryState.SENT],
        delivered=facts[Receipt.Word.DELIVERED],
        refused=facts[DeliveryState.REFUSED],
        bounced=facts[Receipt.Word.BOUNCED],
        failed=facts[DeliveryState.REFUSED] + facts[Receipt.Word.BOUNCED],
        complained=facts[Receipt.Word.COMPLAINED],
        withdrawn=facts[DeliveryState.WITHDRAWN],
        too_old=facts[DeliveryState.TOO_OLD],
        put_off=facts[LATER],
        owed=0 if held_why else left,
        held=left if held_why else 0,
        held_why=held_why,
        by_channel=by_channel,
        causes=causes,
        is_planned=dispatch is not None and dispatch.planned_at is not None,
        first_sent_at=first_sent_at,
        waiting=waiting,
        other_domains=others,
        relays=of_relays,
        last_error=next((each.last_error for each in open_slices.values() if each.last_error), ""),
    )


@dataclass(frozen=True)
class _Open:
    """The open slices of one channel."""

    route: str
    due_at: datetime
    last_error: str


def _totals(issue_id: int) -> tuple[dict[str, dict[str, int]], list[Cause]]:
    """Facts by channel, and the commonest causes."""
    rows = (
        Total.objects.filter(issue_id=issue_id)
        .values("channel", "fact", "cause")
        .annotate(sum=Sum("n"))
        .order_by("channel", "fact", "-sum", "cause")
    )
    by_channel: dict[str, dict[str, int]] = {}
    causes = []
    for row in rows:
        counts = by_channel.setdefault(row["channel"], {})
        counts[row["fact"]] = counts.get(row["fact"], 0) + row["sum"]
        if row["fact"] in _WITH_CAUSES:
            causes.append(Cause(row["fact"], row["channel"], row["cause"], row["sum"]))
    causes.sort(key=lambda each: (_WITH_CAUSES.index(each.fact), -each.n))
    return by_channel, causes[:MOST_CAUSES]


def _open_slices(issue_id: int) -> dict[str, _Open]:
    """By channel: the route, when the first of them is due, and the newest error."""
    rows = (
        Slice.objects.filter(issue_id=issue_id, state=SliceState.OPEN)
        .values("channel", "route", "last_error")
        .annotate(due=Min("due_at"))
        .order_by("channel", "due")
    )
    found: dict[str, _Open] = {}
    for row in rows:
        known = found.get(row["channel"])
        if known is None:
            found[row["channel"]] = _Open(row["route"], row["due"], row["last_error"])
        elif row["last_error"] and not known.last_error:
            found[row["channel"]] = _Open(known.route, known.due_at, row["last_error"])
    return found


def _waiting(
    each: Owing,
    observed: Pace | None,
    put_off_until: datetime | None,
    of_route: Sequence[RelayState],
    now: datetime,
) -> Waiting:
    seconds = observed.seconds_left(each.place, each.ended, each.owed, now) if observed else None
    resting = [relay for relay in of_route if relay.rests_until is not None]
    if not of_route:
        words, seconds = "waiting: no relay is set for this route", None
    elif len(resting) == len(of_route):
        first = min(resting, key=lambda relay: relay.rests_until or now)
        words = f"waiting: relay {first.name} down until {first.rests_until:%H:%M:%S} UTC"
        words += f", last error: {first.last_error}" if first.last_error else ""
        seconds = None
    elif put_off_until is not None:
        # A pause after a passing failure, or the quiet hours that people chose.
        words, seconds = f"put off until {put_off_until:%d %B, %H:%M} UTC", None
    else:
        words = "unknown yet" if seconds is None else about(seconds)
    return Waiting(each.channel, each.domain, each.owed, seconds, words)


def about(seconds: int) -> str:
    """ "about 4 min": an estimate, rounded up, with no more precision than it has."""
    if seconds < 60:
        return "under a minute"
    if seconds < 2 * 3600:
        return f"about {-(-seconds // 60)} min"
    return f"about {-(-seconds // 3600)} h"


_KEY = ("issue_id", "letter_id", "contact_point_id", "channel")


def doubles() -> int:
    """Deliveries that a relay took more than once, over the whole history; those apart that
    bounced and were sent again when their address was mended."""
    rows = (
        Attempt.objects.filter(outcome=Attempt.Outcome.SENT)
        .values(*_KEY)
        .annotate(n=Count("n"))
        .filter(n__gt=1)
    )
    bounced = Receipt.objects.filter(word=Receipt.Word.BOUNCED)
    again = set(bounced.values_list("issue_id", "letter_id", "contact_point_id", "channel"))
    return sum((row[:4] not in again) for row in rows.values_list(*_KEY, "n"))


def count_owed() -> int:
    """Deliveries that are still to be sent: letters', and those of issues in force that no
    officer has stopped."""
    newest = Issue.objects.filter(newest_of__isnull=False).values("pk")
    stopped = Dispatch.objects.filter(stopped_at__isnull=False).values("pk")
    rows = Total.objects.filter(Q(issue_id__in=newest) | Q(issue_id=0))
    counts = rows.exclude(issue_id__in=stopped).aggregate(
        planned=Sum("n", filter=Q(fact=PLANNED)), ended=Sum("n", filter=Q(fact__in=ENDS))
    )
    return (counts["planned"] or 0) - (counts["ended"] or 0)
