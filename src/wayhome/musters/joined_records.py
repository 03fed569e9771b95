"""Rolls follow records that officers join and part: one person is one entry that counts, and what
was said or decided of them under either record stays.
"""

from collections.abc import Iterable

from wayhome.musters.models import CASE_STATES, RollChange, RollEntry, RollState
from wayhome.musters.services import take_replies
from wayhome.replies.models import Reply
from wayhome.travellers.models import Registration, Repointing
from wayhome.work import clock
from wayhome.work.db import writes

_STRONG = CASE_STATES | {RollState.NEEDS_HELP}


def follow(registration_id: int) -> None:
    """After a registration was given to another traveller: what was said through it speaks on the
    entry of that one, and entries of emptied records are counted with it."""
    registration = Registration.objects.get(pk=registration_id)
    _reopen_parted(registration.traveller_id)
    steps = Repointing.objects.filter(registration=registration)
    emptied = set(
        steps.filter(from_traveller__registrations__isnull=True).values_list(
            "from_traveller_id", flat=True
        )
    )
    for entry in _open_entries(emptied):
        _count_with(entry.pk, registration.traveller_id)
    said = Reply.objects.filter(registration=registration).order_by("pk")
    take_replies(list(said.values_list("pk", flat=True)))


def _open_entries(traveller_ids: Iterable[int]) -> list[RollEntry]:
    entries = RollEntry.objects.filter(
        traveller_id__in=list(traveller_ids), closed_at=None, muster__closed_at=None
    )
    return list(entries.order_by("pk"))


@writes
def _count_with(entry_id: int, traveller_id: int) -> None:
    """Close the entry of an emptied record; the record that it was joined to stands for it."""
    entry = RollEntry.objects.select_for_update().get(pk=entry_id)
    if entry.closed_at is not None:
        return
    other, made = RollEntry.objects.select_for_update().get_or_create(
        muster_id=entry.muster_id,
        traveller_id=traveller_id,
        defaults={
            "area": entry.area,
            "certainty": entry.certainty,
            "reason": entry.reason,
            "since": clock.now(),
            "joined_at": clock.now(),
        },
    )
    if made:
        _note(other, "", RollChange.Why.JOINED)
    was = other.state
    if was not in _STRONG and (entry.state in _STRONG or was == RollState.SILENT != entry.state):
        other.state, other.since = entry.state, entry.since
        other.safe_until, other.later_claim = entry.safe_until, entry.later_claim
        other.newest_reply = other.newest_reply or entry.newest_reply
        other.closed_at = other.closed_by = None
        other.save()
        _note(other, was, RollChange.Why.COUNTED_WITH)
    elif was != entry.state and entry.state in _STRONG:
        _keep_both(other, entry)
    entry.closed_at = clock.now()
    entry.save(update_fields=["closed_at"])
    _note(entry, entry.state, RollChange.Why.COUNTED_WITH)


def _keep_both(other: RollEntry, entry: RollEntry) -> None:
    """Neither hides the other. Where one is a case it is the state, which only those who are
    cleared see; whatever the other was is shown beside it, to be weighed."""
    was = other.state
    if was in CASE_STATES:
        other.later_claim = other.later_claim or entry.state
    else:
        other.state, other.since = entry.state, entry.since
        other.safe_until, other.later_claim = None, entry.later_claim or was
    other.closed_at = other.closed_by = None
    other.save()
    _note(other, was, RollChange.Why.COUNTED_WITH)


@writes
def _reopen_parted(traveller_id: int) -> None:
    """A record that was emptied and has a registration again is looked for again."""
    entries = RollEntry.objects.select_for_update().filter(
        traveller_id=traveller_id, muster__closed_at=None, closed_by=None
    )
    for entry in entries.exclude(closed_at=None).order_by("pk"):
        entry.closed_at = None
        entry.save(update_fields=["closed_at"])
        _note(entry, entry.state, RollChange.Why.PARTED)


def _note(entry: RollEntry, was: str, why: str) -> None:
    RollChange.objects.create(entry=entry, was=was, state=entry.state, why=why, at=clock.now())
