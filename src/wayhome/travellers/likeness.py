"""Likely same people: found by a job, shown to officers with why, joined by nobody but them.

Who is compared with whom is decided by *blocks* (a shared address, names that sound alike, what a
higher room registers with ``candidates``); what speaks for one person is a list of reasons with
points, added up by rules that can be read aloud. Nothing found here is ever told to travellers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from wayhome.officers.access import acting, require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import sounding
from wayhome.travellers.joining import reason as reason_of
from wayhome.travellers.models import (
    Compared,
    Joining,
    Likeness,
    LikenessStep,
    NameSound,
    PartyMember,
    Reach,
    Registration,
    Traveller,
)
from wayhome.travellers.searching import name_in
from wayhome.travellers.seeing import seen
from wayhome.work import clock
from wayhome.work.db import writes

ENOUGH = 55  # points from which a pair is shown
MOST_COMPARED = 200  # of one block: the newest; a common name must not compare everybody
MOST_OPEN = 10  # of one person, the likeliest

# Points of each kind of reason.
POINTS = {
    "document": 60,
    "same name": 40,
    "names alike": 30,
    "initials": 20,
    "mail": 35,
    "phone": 35,
    "place": 25,
    "party": 20,
}


@dataclass(frozen=True)
class Reason:
    """Why two records may be one person; ``words`` name nobody and no address."""

    kind: str
    words: str

    @property
    def points(self) -> int:
        return POINTS[self.kind]


Pair = tuple[int, int]
# Given travellers, those each is to be compared with, and whether there were too many.
Candidates = Callable[[Sequence[int]], Mapping[int, Iterable[int]]]
# Given pairs (the lower number first), the reasons that speak for each.
Evidence = Callable[[Sequence[Pair]], Mapping[Pair, Reason]]
_candidates: list[Candidates] = []
_evidence: list[Evidence] = []


def candidates(find: Candidates) -> Candidates:
    """Register a block of another module or a higher room (documents, say)."""
    _candidates.append(find)
    return find


def evidence(weigh: Evidence) -> Evidence:
    """Register reasons that another module or a higher room knows (places and days, say)."""
    _evidence.append(weigh)
    return weigh


@writes
def compare(traveller_ids: Iterable[int]) -> int:
    """Hold these records against the others that may be the same person; how many pairs are
    likely. What was found before is weighed anew; what was declined stays so without a new kind
    of reason."""
    ids = sorted(
        Traveller.objects.filter(
            pk__in=list(traveller_ids), registrations__isnull=False, erased_at=None
        )
        .distinct()
        .values_list("pk", flat=True)
    )
    _write_sounds(ids)
    others, crowded = _blocks(ids)
    now = clock.now()
    Compared.objects.bulk_create(
        [Compared(traveller_id=number, at=now, crowded=number in crowded) for number in ids],
        update_conflicts=True,
        unique_fields=["traveller"],
        update_fields=["at", "crowded"],
    )
    pairs = {(min(one, two), max(one, two)) for one in ids for two in others[one] if one != two}
    known = Likeness.objects.filter(Q(a__in=ids) | Q(b__in=ids))
    pairs |= set(known.values_list("a_id", "b_id"))
    found = weigh(sorted(_unrelated(pairs)))
    likely = {pair: why for pair, why in found.items() if _score(why) >= ENOUGH}
    for pair, why in _likeliest(likely, ids):
        _keep(pair, why)
    return len(likely)


def weigh(pairs: Sequence[Pair]) -> dict[Pair, list[Reason]]:
    """Every reason that speaks for these pairs, the strongest first; none where names do not go
    together and no document does."""
    numbers = {number for pair in pairs for number in pair}
    names = _names(numbers)
    points = _own_points(numbers)
    companions = _companions(numbers)
    told = [weigh_more(pairs) for weigh_more in _evidence]
    found: dict[Pair, list[Reason]] = {}
    for pair in pairs:
        one, two = pair
        reasons = [more[pair] for more in told if pair in more]
        if name := _name_reason(names[one], names[two]):
            reasons.append(name)
        elif not any(each.kind == "document" for each in reasons):
            continue
        for kind in sorted({kind for _, kind in points[one] & points[two]}):
            words = "same mail address" if kind == "mail" else "same telephone"
            reasons.append(Reason(kind, words))
        if any(
            sounding.alike(mine, theirs) for mine in companions[one] for theirs in companions[two]
        ):
            reasons.append(Reason("party", "travel with people whose names are alike"))
        found[pair] = sorted(reasons, key=lambda each: (-each.points, each.kind))
    return found


@writes
def decline(officer: Officer, likeness_id: int, why: str) -> Likeness:
    """They are two people. It does not come back unless a new kind of reason appears."""
    require(officer, Verb.ENROL)
    why = reason_of(why)
    likeness = Likeness.objects.select_for_update().filter(pk=likeness_id).first()
    pair = {likeness.a_id, likeness.b_id} if likeness else set()
    if likeness is None or seen(acting(officer), pair) != pair:
        raise Problem("likeness", "is unknown", "reload the page")
    if likeness.state == Likeness.State.JOINED:
        raise Problem("likeness", "is of records that are joined", "part them first")
    if likeness.state == Likeness.State.OPEN:
        _set(likeness, Likeness.State.DECLINED, officer.pk, why)
    return likeness


@writes
def follow(joining_id: int) -> None:
    """Records were joined or parted: so is their likeness, with who and why."""
    joining = Joining.objects.get(pk=joining_id)
    a, b = sorted([joining.older_id, joining.newer_id])
    parted = joining.parted_at is not None
    state = Likeness.State.DECLINED if parted else Likeness.State.JOINED
    likeness, made = Likeness.objects.get_or_create(
        a_id=a, b_id=b, defaults={"score": 0, "why": [], "at": clock.now(), "state": state}
    )
    if made or likeness.state != state:
        officer = joining.parted_by_id if parted else joining.by_officer_id
        _set(likeness, state, officer, joining.parted_why if parted else joining.why)


def _keep(pair: Pair, why: list[Reason]) -> None:
    kinds = {each.kind for each in why}
    told = [[each.kind, each.words] for each in why]
    likeness = Likeness.objects.select_for_update().filter(a_id=pair[0], b_id=pair[1]).first()
    if likeness is None:
        likeness = Likeness(a_id=pair[0], b_id=pair[1])
    elif (
        likeness.state == Likeness.State.JOINED
        or (likeness.state == Likeness.State.DECLINED and not kinds - {k for k, _ in likeness.why})
        or (likeness.state == Likeness.State.OPEN and likeness.why == told)
    ):
        return
    likeness.why, likeness.score = told, _score(why)
    _set(likeness, Likeness.State.OPEN, None, "")


def _set(likeness: Likeness, state: str, officer_id: int | None, why: str) -> None:
    likeness.state, likeness.by_officer_id, likeness.reason = state, officer_id, why
    likeness.at = clock.now()
    likeness.save()
    LikenessStep.objects.create(
        likeness=likeness,
        state=state,
        why=likeness.why,
        officer_id=officer_id,
        reason=why,
        at=likeness.at,
    )


def _likeliest(
    likely: Mapping[Pair, list[Reason]], ids: Sequence[int]
) -> list[tuple[Pair, list[Reason]]]:
    """The likeliest pairs, so many a person as an officer can look at."""
    open_now = Likeness.objects.filter(Q(a__in=ids) | Q(b__in=ids), state=Likeness.State.OPEN)
    kept = set(open_now.values_list("a_id", "b_id"))
    count: dict[int, int] = defaultdict(int)
    for pair in kept:
        for number in pair:
            count[number] += 1
    chosen = []
    for pair, why in sorted(likely.items(), key=lambda item: (-_score(item[1]), item[0])):
        if pair not in kept:
            if any(count[number] >= MOST_OPEN for number in pair if number in ids):
                continue
            for number in pair:
                count[number] += 1
        chosen.append((pair, why))
    return chosen


def _score(why: Iterable[Reason]) -> int:
    return sum(each.points for each in why)


def _name_reason(one: Iterable[str], two: Iterable[str]) -> Reason | None:
    """The best that any name of one says of any name of the other."""
    told = {sounding.alike(mine, theirs) for mine in one for theirs in two}
    if "same" in told:
        return Reason("same name", "the same name")
    if "alike" in told:
        return Reason("names alike", "names alike, in another spelling or order")
    return Reason("initials", "names alike but for initials") if "initials" in told else None


# ---- blocks ----------------------------------------------------------------------------------


def _blocks(ids: Sequence[int]) -> tuple[dict[int, set[int]], set[int]]:
    """Whom each is compared with, and of whom there were too many."""
    others: dict[int, set[int]] = defaultdict(set)
    crowded: set[int] = set()
    points = _own_points(ids)
    sounds: dict[int, set[str]] = defaultdict(set)
    for number, sound in NameSound.objects.filter(traveller_id__in=ids).values_list(
        "traveller_id", "sound"
    ):
        sounds[number].add(sound)
    by_point = {point: _using(point) for number in ids for point, _ in points[number]}
    by_sound = {sound: _sounding(sound) for number in ids for sound in sounds[number]}
    for number in ids:
        blocks = [by_point[point] for point, _ in points[number]]
        blocks += [by_sound[sound] for sound in sounds[number]]
        for block in blocks:
            others[number] |= set(block[:MOST_COMPARED])
            if len(block) > MOST_COMPARED:
                crowded.add(number)
    for find in _candidates:
        for number, more in find(ids).items():
            others[number] |= set(more)
    return others, crowded


def _sounding(sound: str) -> list[int]:
    rows = NameSound.objects.filter(sound=sound).order_by("-traveller_id")
    return list(rows.values_list("traveller_id", flat=True)[: MOST_COMPARED + 1])


def _using(point: int) -> list[int]:
    rows = Reach.objects.filter(
        contact_point_id=point, purpose=Reach.Purpose.OWN, ended_at=None
    ).order_by("-registration__traveller_id")
    numbers = rows.values_list("registration__traveller_id", flat=True)
    return list(dict.fromkeys(numbers[: MOST_COMPARED + 1]))


def _write_sounds(ids: Sequence[int]) -> None:
    """How the names of these people sound, as they are now."""
    known: dict[int, set[str]] = defaultdict(set)
    for number, sound in NameSound.objects.filter(traveller_id__in=ids).values_list(
        "traveller_id", "sound"
    ):
        known[number].add(sound)
    fresh, old = [], Q()
    for number, names in _names(ids).items():
        wanted = {sound for name in names for sound in sounding.sounds(name)}
        fresh += [NameSound(traveller_id=number, sound=each) for each in wanted - known[number]]
        if known[number] - wanted:
            old |= Q(traveller_id=number, sound__in=known[number] - wanted)
    if old:
        NameSound.objects.filter(old).delete()
    NameSound.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)


def _names(numbers: Iterable[int]) -> dict[int, set[str]]:
    """Every name of these people: the record's, and those that their registrations came with."""
    names: dict[int, set[str]] = defaultdict(set)
    rows = Registration.objects.filter(traveller_id__in=list(numbers))
    for number, name, original in rows.values_list("traveller_id", "traveller__name", "original"):
        names[number] |= {each for each in (name, name_in(original)) if each}
    return names


def _own_points(numbers: Iterable[int]) -> dict[int, set[tuple[int, str]]]:
    """(contact point, kind) that each person gave as their own."""
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    rows = Reach.objects.filter(
        registration__traveller_id__in=list(numbers), purpose=Reach.Purpose.OWN, ended_at=None
    )
    for number, point, kind in rows.values_list(
        "registration__traveller_id", "contact_point_id", "contact_point__kind"
    ):
        found[number].add((point, kind))
    return found


def _companions(numbers: Iterable[int]) -> dict[int, set[str]]:
    """Names of those who travel with each."""
    members = PartyMember.objects.filter(until=None)
    mine = members.filter(registration__traveller_id__in=list(numbers))
    parties: dict[int, set[int]] = defaultdict(set)
    for number, party in mine.values_list("registration__traveller_id", "party_id"):
        parties[party].add(number)
    found: dict[int, set[str]] = defaultdict(set)
    rows = members.filter(party_id__in=list(parties))
    for party, number, name in rows.values_list(
        "party_id", "registration__traveller_id", "registration__traveller__name"
    ):
        for each in parties[party] - {number}:
            found[each].add(name)
    return found


def _unrelated(pairs: set[Pair]) -> set[Pair]:
    """Without guardian and minor, those who travel together, and emptied records."""
    numbers = {number for pair in pairs for number in pair}
    guardians = dict(
        Traveller.objects.filter(
            pk__in=numbers, registrations__isnull=False, erased_at=None
        ).values_list("pk", "guardian_id")
    )
    parties: dict[int, set[int]] = defaultdict(set)
    for number, party in PartyMember.objects.filter(
        until=None, registration__traveller_id__in=numbers
    ).values_list("registration__traveller_id", "party_id"):
        parties[number].add(party)
    return {
        (one, two)
        for one, two in pairs
        if one in guardians
        and two in guardians
        and (guardians[one] is None) == (guardians[two] is None)
        and not parties[one] & parties[two]
    }
