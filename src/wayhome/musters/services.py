"""Open a muster, keep its roll, take replies, let *safe* expire, and let officers decide."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from wayhome.audience.affects import Window
from wayhome.audience.matching import match
from wayhome.audience.models import AudienceRow, Reason
from wayhome.audience.services import chunks
from wayhome.bulletins.models import Bulletin, Issue
from wayhome.ledger.models import Incident
from wayhome.musters.models import (
    CASE_STATES,
    Muster,
    MusterIncident,
    MusterThread,
    RollChange,
    RollEntry,
    RollState,
)
from wayhome.officers import audit
from wayhome.officers.access import Refused, acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.places.region import AnyRegion, parse
from wayhome.places.resolve import resolve, storable
from wayhome.problems import Problem
from wayhome.replies.models import Answer, Reply
from wayhome.travellers.seeing import people_seen_by
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

GRACE_DAYS = 7

# What an answer makes of an entry. *Received* says nothing of how someone is.
STATE_OF: dict[str, RollState] = {
    Answer.SAFE: RollState.SAFE,
    Answer.NEEDS_HELP: RollState.NEEDS_HELP,
    Answer.NOT_THERE: RollState.NOT_THERE,
    Answer.DEPARTED: RollState.DEPARTED,
}
# States that no later claim moves: an officer must weigh it.
HELD_STATES = CASE_STATES | {RollState.NEEDS_HELP}
# States in which no entry is closed.
UNSETTLED = frozenset({RollState.SILENT, RollState.NEEDS_HELP})


@writes
def open_muster(
    officer: Officer,
    *,
    name: str,
    region: AnyRegion,
    starts_at: datetime,
    ends_at: datetime | None = None,
    threads: Sequence[Bulletin] = (),
    incidents: Sequence[Incident] = (),
    safe_hours: int = 24,
) -> Muster:
    """Open a roll call; its roll is filled by a job and grows with late joiners."""
    require(officer, Verb.MUSTER)
    if not name.strip():
        raise Problem("name", "is empty", "name the muster, for example after place and day")
    clock.check_range("starts", starts_at)
    clock.check_range("ends", ends_at)
    if ends_at is not None and ends_at <= starts_at:
        raise Problem("ends", "is not after the beginning", "mend the times")
    if not 1 <= safe_hours <= 24 * 7:
        raise Problem("safe-hours", f"is {safe_hours}", "use 1 to 168 hours")
    muster = Muster.objects.create(
        name=name.strip()[:200],
        region=storable(region),
        starts_at=starts_at,
        ends_at=ends_at,
        safe_hours=safe_hours,
        opened_by=officer.pk,
        opened_at=clock.now(),
    )
    for bulletin in threads:
        MusterThread.objects.create(muster=muster, bulletin=bulletin)
    for incident in incidents:
        MusterIncident.objects.create(muster=muster, incident=incident)
    audit.record(officer, Deed.MUSTER_OPENED, "muster", muster.pk)
    tell("musters.opened", muster.pk)
    return muster


def fill(muster_id: int, travellers: Sequence[int] | None = None) -> None:
    """Put on the roll whoever is in the region in the period or in a thread's audience.

    With ``travellers`` only those are looked at. Nobody is taken off.
    """
    muster = Muster.objects.get(pk=muster_id)
    if muster.closed_at is not None:
        return
    end = muster.ends_at or max(clock.now(), muster.starts_at)
    window = Window(muster.starts_at, end, lead_days=0, grace_days=GRACE_DAYS)
    found = match(resolve(parse(muster.region)), window, travellers)
    rows = {
        int(traveller): (str(area), int(certainty), int(reason))
        for traveller, area, certainty, reason in zip(
            found.traveller, found.area, found.certainty, found.reason, strict=True
        )
    }
    audience = AudienceRow.objects.filter(issue_id__in=_issues(muster)).exclude(
        reason__in=[Reason.WATCHING, Reason.WAS_WARNED]
    )
    if travellers is not None:
        audience = audience.filter(traveller_id__in=travellers)
    for traveller, area, certainty, reason in audience.values_list(
        "traveller_id", "area", "certainty", "reason"
    ):
        rows.setdefault(traveller, (area, certainty, reason))
    known = set(
        RollEntry.objects.filter(muster=muster).values_list("traveller_id", flat=True)
        if travellers is None
        else RollEntry.objects.filter(muster=muster, traveller_id__in=travellers).values_list(
            "traveller_id", flat=True
        )
    )
    for chunk in chunks(sorted(rows.keys() - known)):
        _join(muster, [(traveller, *rows[traveller]) for traveller in chunk])


@writes
def _join(muster: Muster, rows: list[tuple[int, str, int, int]]) -> None:
    now = clock.now()
    travellers = [row[0] for row in rows]
    before = set(
        RollEntry.objects.filter(muster=muster, traveller_id__in=travellers).values_list(
            "traveller_id", flat=True
        )
    )
    RollEntry.objects.bulk_create(
        [
            RollEntry(
                muster=muster,
                traveller_id=traveller,
                area=area,
                certainty=certainty,
                reason=reason,
                since=now,
                joined_at=now,
            )
            for traveller, area, certainty, reason in rows
        ],
        ignore_conflicts=True,
    )
    joined = RollEntry.objects.filter(
        muster=muster, traveller_id__in=set(travellers) - before, changes__isnull=True
    )
    RollChange.objects.bulk_create(
        [
            RollChange(entry=entry, state=RollState.SILENT, why=RollChange.Why.JOINED, at=now)
            for entry in joined
        ]
    )
    # Who answered before the roll was called is not silent.
    replies = (
        Reply.objects.filter(registration__traveller_id__in=travellers)
        .filter(_counts(muster))
        .order_by("said_at", "pk")
    )
    for reply in replies.select_related("registration"):
        _apply(muster, reply)


@writes
def take_replies(reply_ids: Sequence[int]) -> None:
    """Let replies speak on every open muster that they count for, in the order they were said."""
    for muster in Muster.objects.filter(closed_at=None).order_by("pk"):
        replies = Reply.objects.filter(_counts(muster), pk__in=reply_ids)
        for reply in replies.select_related("registration").order_by("said_at", "pk"):
            _apply(muster, reply)


def _counts(muster: Muster) -> Q:
    """Replies to a thread of the muster, and those to none, since it covers the person."""
    said = Q(said_at__gte=muster.starts_at)
    return said & (Q(issue_id__in=_issues(muster)) | Q(issue_id=None))


def _issues(muster: Muster) -> list[int]:
    threads = MusterThread.objects.filter(muster=muster).values("bulletin_id")
    return list(Issue.objects.filter(bulletin_id__in=threads).values_list("pk", flat=True))


def _apply(muster: Muster, reply: Reply) -> None:
    entry = (
        RollEntry.objects.select_for_update(of=("self",))
        .filter(muster=muster, traveller_id=reply.registration.traveller_id)
        .select_related("newest_reply")
        .first()
    )
    if entry is None or reply.answer not in STATE_OF:
        return
    if entry.changes.filter(reply=reply).exists():
        return
    to = STATE_OF[reply.answer]
    newest = entry.newest_reply
    is_newest = newest is None or (newest.said_at, newest.pk) < (reply.said_at, reply.pk)
    was = entry.state
    decided_since = was != RollState.SILENT and reply.said_at < entry.since
    if to == RollState.NEEDS_HELP and was not in HELD_STATES:
        # However late it arrives, a call for help is heard.
        _set_state(entry, to, reply.said_at, muster.safe_hours)
        entry.later_claim = newest.answer if newest and not is_newest else ""
    elif not is_newest or decided_since:
        to = RollState(was)  # an older word that arrived late is kept, and moves nothing
    elif was in HELD_STATES and to != was:
        # A call for help stands until an officer has weighed what was said since.
        entry.later_claim = reply.answer
        to = RollState(was)
    else:
        _set_state(entry, to, reply.said_at, muster.safe_hours)
    if is_newest:
        entry.newest_reply = reply
    if reply.answer == Answer.NEEDS_HELP:
        _reopen(entry)
    entry.save()
    RollChange.objects.create(
        entry=entry, was=was, state=to, why=RollChange.Why.REPLY, reply=reply, at=clock.now()
    )


def _set_state(entry: RollEntry, to: RollState, at: datetime, safe_hours: int) -> None:
    entry.state = to
    entry.since = at
    entry.safe_until = at + timedelta(hours=safe_hours) if to == RollState.SAFE else None
    entry.later_claim = ""


def _reopen(entry: RollEntry) -> None:
    entry.closed_at = entry.closed_by = None


def expire_safe() -> int:
    """*Safe* grows old: entries whose time has passed are silent again. Returns how many."""
    expired = 0
    due = RollEntry.objects.filter(
        safe_until__lte=clock.now(), muster__closed_at=None, closed_at=None
    )
    while ids := list(due.order_by("safe_until").values_list("pk", flat=True)[:500]):
        expired += _expire(ids)
    return expired


@writes
def _expire(ids: Iterable[int]) -> int:
    now = clock.now()
    entries = list(
        RollEntry.objects.select_for_update().filter(pk__in=list(ids), safe_until__lte=now)
    )
    RollChange.objects.bulk_create(
        [
            RollChange(
                entry=entry,
                was=entry.state,
                state=RollState.SILENT,
                why=RollChange.Why.SAFE_EXPIRED,
                at=now,
            )
            for entry in entries
        ]
    )
    RollEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(
        state=RollState.SILENT, since=now, safe_until=None
    )
    return len(entries)


@writes
def decide(
    officer: Officer, entry_id: int, state: str, *, reason: str, seen_since: datetime | None = None
) -> RollEntry:
    """An officer sets an entry after speaking to the person or a witness.

    ``seen_since``: when the entry last changed, as the officer saw it (``queries.changed_at``);
    Problem where anything was said or decided meanwhile.
    """
    require(officer, Verb.MUSTER)
    entry = _entry(officer, entry_id, seen_since)
    if state not in RollState.values:
        raise Problem("state", f"{state!r} is none", f"use one of {', '.join(RollState.values)}")
    _check_case(officer, entry, state)
    was = entry.state
    _set_state(entry, RollState(state), clock.now(), entry.muster.safe_hours)
    if state in UNSETTLED:
        _reopen(entry)
    entry.save()
    _by_officer(entry, was, officer, reason, Deed.ENTRY_DECIDED)
    return entry


@writes
def close_entry(
    officer: Officer, entry_id: int, *, reason: str, seen_since: datetime | None = None
) -> RollEntry:
    """Close an entry: an officer knows, by an arrival or a second witness, that it is settled."""
    require(officer, Verb.CLOSE)
    entry = _entry(officer, entry_id, seen_since)
    _check_case(officer, entry)
    if entry.state in UNSETTLED:
        raise Problem("state", f"is {entry.state}", "set what you know first, then close")
    if not reason.strip():
        raise Problem("reason", "is empty", "say how you know")
    entry.closed_at = clock.now()
    entry.closed_by = officer.pk
    entry.save(update_fields=["closed_at", "closed_by"])
    _by_officer(entry, entry.state, officer, f"closed: {reason}", Deed.ENTRY_CLOSED)
    tell("musters.released", entry.muster_id)
    return entry


@writes
def close_muster(officer: Officer, muster_id: int) -> Muster:
    """Close a muster; its roll and history stay."""
    require(officer, Verb.CLOSE)
    muster = Muster.objects.get(pk=muster_id)
    if muster.closed_at is None:
        muster.closed_at = clock.now()
        muster.save(update_fields=["closed_at"])
        audit.record(officer, Deed.MUSTER_CLOSED, "muster", muster.pk)
        tell("musters.released", muster.pk)
    return muster


def _entry(officer: Officer, entry_id: int, seen_since: datetime | None) -> RollEntry:
    entry = (
        RollEntry.objects.select_for_update(of=("self",))
        .select_related("muster")
        .filter(people_seen_by(acting(officer), "traveller_id"), pk=entry_id)
        .first()
    )
    if entry is None:
        raise Problem("entry", f"{entry_id} is unknown", "reload the board")
    if seen_since is not None and entry.changes.latest("pk").at != seen_since:
        raise Problem("entry", "was changed meanwhile", "reload the board and look again")
    return entry


def _check_case(officer: Officer, entry: RollEntry, state: str = "") -> None:
    is_case = state in CASE_STATES or entry.state in CASE_STATES
    if is_case and not acting(officer).sees_cases:
        raise Refused("officer: this state is kept by officers cleared for cases")


def _by_officer(entry: RollEntry, was: str, officer: Officer, reason: str, deed: Deed) -> None:
    if not reason.strip():
        raise Problem("reason", "is empty", "say how you know")
    change = RollChange.objects.create(
        entry=entry,
        was=was,
        state=entry.state,
        why=RollChange.Why.OFFICER,
        officer_id=officer.pk,
        reason=reason.strip()[:60],
        at=clock.now(),
    )
    audit.record(officer, deed, "roll change", change.pk)  # which keeps the state and the reason


def open_musters() -> list[int]:
    return list(Muster.objects.filter(closed_at=None).values_list("pk", flat=True))
