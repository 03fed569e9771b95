"""One person as an officer reads them, and two records beside each other."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from wayhome.officers.access import Access
from wayhome.travellers.door_models import AssuranceStep
from wayhome.travellers.joining import head
from wayhome.travellers.models import (
    Compared,
    Joining,
    Likeness,
    LikenessStep,
    PartyMember,
    Registration,
    Traveller,
)
from wayhome.travellers.queries import in_care
from wayhome.travellers.searching import name_in
from wayhome.travellers.seeing import people_seen_by, seen, seen_by

MOST = 50  # of anything that a page lists


@dataclass(frozen=True)
class Entry:
    """A registration, the name that it came with, and how sure it is, the newest step first."""

    registration: Registration
    name: str
    steps: list[AssuranceStep]


@dataclass(frozen=True)
class Companion:
    traveller_id: int
    name: str
    is_minor: bool


@dataclass(frozen=True)
class Group:
    """A party that a person travels in, or did until ``until``."""

    party_id: int
    since: datetime
    until: datetime | None
    others: list[Companion]


@dataclass(frozen=True)
class Record:
    """One person: who they are, with whom, through which doors, and what was joined."""

    traveller: Traveller
    entries: list[Entry]
    guardian: Companion | None
    minors: list[Companion]
    parties: list[Group]
    joinings: list[tuple[Joining, Companion]]  # the other record of each, the newest first
    likely: list[tuple[Likeness, Companion]]
    crowded: bool

    @property
    def other_names(self) -> list[str]:
        """Under which registrations came, where they are not the record's."""
        return [each for each in dict.fromkeys(e.name for e in self.entries) if each != self.name]

    @property
    def name(self) -> str:
        return self.traveller.name


def record(access: Access, view: str, traveller_id: int) -> Record | None:
    """The person with this number, and a look at everybody who is named with them; None where
    there is none that this access may see, or the record counts with another (``counts_with``)."""
    people = Traveller.objects.filter(people_seen_by(access), pk=traveller_id)
    traveller = people.select_related("guardian").first()
    if traveller is None or not Registration.objects.filter(traveller=traveller).exists():
        return None
    named = {traveller.pk}
    guardian = _companion(traveller.guardian) if traveller.guardian else None
    minors = [_companion(each) for each in in_care(traveller)]
    parties = _parties(traveller.pk)
    joinings = _joinings(traveller.pk)
    likely = _likely(traveller.pk)
    with_them = [*minors, *(other for group in parties for other in group.others)]
    with_them += [*([guardian] if guardian else []), *(other for _, other in (*joinings, *likely))]
    there = seen(access, [each.traveller_id for each in with_them])
    found = Record(
        traveller=traveller,
        entries=_entries(access, traveller.pk),
        guardian=guardian if guardian and guardian.traveller_id in there else None,
        minors=[each for each in minors if each.traveller_id in there],
        parties=[
            replace(group, others=[each for each in group.others if each.traveller_id in there])
            for group in parties
        ],
        joinings=[pair for pair in joinings if pair[1].traveller_id in there],
        likely=[pair for pair in likely if pair[1].traveller_id in there],
        crowded=Compared.objects.filter(traveller=traveller, crowded=True).exists(),
    )
    named |= there
    access.record(view, named)
    return found


def counts_with(access: Access, traveller_id: int) -> int:
    """The record that a record counts with now, nobody is named; itself where this access may see
    either of them not: who may not see a person does not learn that there were two."""
    pair = {traveller_id, head(traveller_id)}
    return head(traveller_id) if seen(access, pair) == pair else traveller_id


def _entries(access: Access, traveller_id: int) -> list[Entry]:
    """The registrations of one record that this access may see, in the order they came."""
    rows = Registration.objects.filter(seen_by(access), traveller_id=traveller_id)
    rows = rows.select_related("organisation")
    registrations = list(rows.order_by("made_at", "pk")[:MOST])
    steps: dict[int, list[AssuranceStep]] = {each.pk: [] for each in registrations}
    for step in AssuranceStep.objects.filter(registration__in=registrations).order_by("-at", "-pk"):
        steps[step.registration_id].append(step)
    return [Entry(each, name_in(each.original), steps[each.pk]) for each in registrations]


def likeness_between(access: Access, view: str, one_id: int, other_id: int) -> Likeness | None:
    """What is known of two records being one; both are looked at."""
    there = seen(access, [one_id, other_id])
    access.record(view, there)
    if len(there) < 2:
        return None
    a, b = sorted([one_id, other_id])
    return Likeness.objects.filter(a_id=a, b_id=b).first()


def likeness_steps(likeness: Likeness) -> list[LikenessStep]:
    return list(likeness.steps.order_by("-at", "-pk")[:MOST])


def open_likenesses(
    access: Access, view: str, *, after: tuple[int, int] | None = None, limit: int = MOST
) -> list[Likeness]:
    """Likenesses that nobody has decided, the likeliest first; ``after``: score and number of the
    last one of the page before. Both people of each are looked at."""
    rows = Likeness.objects.filter(state=Likeness.State.OPEN).select_related("a", "b")
    rows = rows.filter(a__registrations__isnull=False, b__registrations__isnull=False)
    rows = rows.filter(people_seen_by(access, "a_id"), people_seen_by(access, "b_id"))
    if after is not None:
        score, number = after
        rows = rows.filter(Q(score__lt=score) | Q(score=score, pk__gt=number))
    found = list(rows.order_by("-score", "pk").distinct()[:limit])
    access.record(view, {number for each in found for number in (each.a_id, each.b_id)})
    return found


def _parties(traveller_id: int) -> list[Group]:
    mine = PartyMember.objects.filter(registration__traveller_id=traveller_id)
    members = list(mine.order_by("-since", "-pk")[:MOST])
    others: dict[int, list[Companion]] = {each.party_id: [] for each in members}
    rows = PartyMember.objects.filter(party_id__in=list(others), until=None)
    rows = rows.exclude(registration__traveller_id=traveller_id)
    people = rows.select_related("registration__traveller").order_by("pk")
    for member in people[: MOST * 4]:
        others[member.party_id].append(_companion(member.registration.traveller))
    return [Group(m.party_id, m.since, m.until, others[m.party_id]) for m in members]


def _joinings(traveller_id: int) -> list[tuple[Joining, Companion]]:
    """Every join and part of what counts with this record, and of the record itself."""
    under = {traveller_id}
    newest = {traveller_id}
    while newest and len(under) < MOST:
        rows = Joining.objects.filter(older__in=newest, parted_at=None)
        newest = set(rows.values_list("newer_id", flat=True)) - under
        under |= newest
    found = Joining.objects.filter(Q(older__in=under) | Q(newer=traveller_id))
    listed = list(found.select_related("older", "newer").order_by("-at", "-pk")[:MOST])
    return [
        (each, _companion(each.older if each.newer_id == traveller_id else each.newer))
        for each in listed
    ]


def _likely(traveller_id: int) -> list[tuple[Likeness, Companion]]:
    rows = Likeness.objects.filter(
        Q(a=traveller_id) | Q(b=traveller_id),
        state=Likeness.State.OPEN,
        a__registrations__isnull=False,
        b__registrations__isnull=False,
    )
    listed = rows.select_related("a", "b").order_by("-score", "pk").distinct()[:MOST]
    return [(each, _companion(each.b if each.a_id == traveller_id else each.a)) for each in listed]


def _companion(traveller: Traveller) -> Companion:
    return Companion(traveller.pk, traveller.name, traveller.is_minor)
