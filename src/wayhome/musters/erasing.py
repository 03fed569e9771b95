"""Who must stay while officers look for them; and what an erasure leaves of rolls: counts."""

from datetime import datetime

from django.db.models import Max

from wayhome.musters.models import Muster, RollChange, RollEntry, RollState
from wayhome.replies.models import Answer, Reply
from wayhome.travellers.erasers import Subject, eraser, keeper
from wayhome.travellers.retention import CHUNK, Chunk, held_people, page, rule
from wayhome.work.db import writes
from wayhome.work.models import Owed

_FILLING = ("musters.fill", "musters.fill_after_issue")  # of anybody
_JOINING = "musters.join"  # of the traveller who is its key


@keeper("musters")
def kept(traveller_ids: set[int]) -> dict[int, str]:
    """An open entry of an open muster; a call for help that no officer has weighed; and anybody,
    while a roll is being called and may yet name them."""
    entries = RollEntry.objects.filter(traveller_id__in=traveller_ids, closed_at=None)
    covered = entries.filter(muster__closed_at=None).values_list("traveller_id", flat=True)
    calling = entries.filter(state=RollState.NEEDS_HELP).values_list("traveller_id", flat=True)
    why = dict.fromkeys(covered, "a muster")
    why |= dict.fromkeys({*calling, *_unheard(traveller_ids)}, "a call for help")
    if Muster.objects.filter(closed_at=None).exists():
        why = dict.fromkeys(_being_called(traveller_ids), "a muster that is being called") | why
    return why


def _being_called(traveller_ids: set[int]) -> set[int]:
    if Owed.objects.filter(job__in=_FILLING).exists():
        return traveller_ids
    keys = [str(number) for number in traveller_ids]
    owed = Owed.objects.filter(job=_JOINING, key__in=keys)
    return {int(key) for key in owed.values_list("key", flat=True)}


def _unheard(traveller_ids: set[int]) -> set[int]:
    """Whose newest word is a call for help, after which no officer decided anything of them."""
    newest = (
        Reply.objects.filter(registration__traveller_id__in=traveller_ids)
        .exclude(answer=Answer.RECEIVED)
        .values("registration__traveller_id")
        .annotate(at=Max("said_at"))
    )
    said = dict(newest.values_list("registration__traveller_id", "at"))
    calls = Reply.objects.filter(
        registration__traveller_id__in=said, answer=Answer.NEEDS_HELP
    ).values_list("registration__traveller_id", "said_at")
    calling = {number for number, at in calls if said[number] == at}
    decided = RollChange.objects.filter(
        entry__traveller_id__in=calling, why=RollChange.Why.OFFICER
    ).values("entry__traveller_id")
    heard = dict(decided.annotate(at=Max("at")).values_list("entry__traveller_id", "at"))
    return {number for number in calling if number not in heard or heard[number] < said[number]}


@eraser("musters")
@writes
def erase(subject: Subject) -> dict[str, int]:
    """Entries stay, by number, so that past counts do; officers' words about the person go."""
    changes = RollChange.objects.filter(entry__traveller_id__in=subject.travellers)
    return {"roll_change": changes.exclude(reason="").update(reason="")}


@rule(
    "roll notes",
    "musters",
    "WAYHOME_RETAIN_WORDS_DAYS",
    "officers' words on rolls of musters that were closed",
)
@writes
def old_notes(before: datetime, after: int, dry: bool) -> Chunk:
    rows = RollChange.objects.filter(
        pk__gt=after, at__lt=before, entry__muster__closed_at__lt=before
    ).exclude(reason="")
    pairs = list(rows.order_by("pk").values_list("pk", "entry__traveller_id")[:CHUNK])
    held = held_people(traveller for _, traveller in pairs)
    gone = [number for number, traveller in pairs if traveller not in held]
    if not dry:
        RollChange.objects.filter(pk__in=gone).update(reason="")
    return Chunk(len(gone), page([number for number, _ in pairs]))
