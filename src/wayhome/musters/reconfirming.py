"""Letters that ask whether what was said of stays still holds; none while a muster asks already."""

from collections import defaultdict
from datetime import timedelta

from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.links import StillLink, still_url
from wayhome.musters.models import RollEntry
from wayhome.travellers.letter_words import LetterWords, letter_words
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.travellers.sql import verified_ways
from wayhome.trips import freshness_asks
from wayhome.trips.freshness import Occasion
from wayhome.trips.freshness_asks import DueAsk
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import keep_lease

IN_CHUNK = 200
LIFE = timedelta(days=14)
COVERED = timedelta(days=1)  # whom a muster covers is looked at again after it
TOO_LATE = timedelta(days=30)  # what could not be asked in time is not asked at all


def ask_due() -> int:
    """Ask everything that is due, chunk by chunk; how many letters were owed."""
    owed = 0
    while freshness_asks.is_any_due():
        keep_lease()
        owed += _ask(freshness_asks.due(IN_CHUNK))
    return owed


@writes
def _ask(chunk: list[DueAsk]) -> int:
    speakers = _speakers(chunk)
    covered = _covered({each.registration.traveller_id for each in chunk})
    late = clock.today() - TOO_LATE
    put_off = [each for each in chunk if each.registration.traveller_id in covered]
    now = [each for each in chunk if each.registration.traveller_id not in covered]
    freshness_asks.put_off(put_off, clock.today() + COVERED)
    owed = 0
    by_speaker: dict[tuple[int, str], list[DueAsk]] = defaultdict(list)
    for each in now:
        speaker = speakers.get(each.registration.pk)
        if speaker is not None and each.due >= late:
            by_speaker[(speaker.pk, each.occasion.value)].append(each)
    found = {each.pk: each for each in speakers.values()}
    ways = _ways(list(found.values()))
    for (number, occasion), asks in by_speaker.items():
        due = max(each.due for each in asks)
        for point_id, language, neutral, epoch in ways[number]:
            _owe(point_id, number, epoch, Occasion(occasion), language, neutral, f"{due}")
            owed += 1
    freshness_asks.asked(now)
    return owed


def _owe(
    point_id: int,
    registration_id: int,
    epoch: int,
    occasion: Occasion,
    language: str,
    neutral: bool,
    due: str,
) -> None:
    words = letter_words(language)
    url = still_url(StillLink(point_id, registration_id, epoch))
    said = words.neutral_link if neutral else f"{_question(words, occasion)}\n\n{words.one_tap}"
    owe_letter(
        kind=Letter.Kind.PROMPT,
        contact_point_id=point_id,
        registration_id=registration_id,
        subject=words.neutral_subject if neutral else words.still_subject,
        text=f"{said}\n\n{url}",
        language=language,
        expires_at=clock.now() + LIFE,
        once=f"still {registration_id} {occasion} {due}",
    )


def _question(words: LetterWords, occasion: Occasion) -> str:
    return {
        Occasion.BEFORE: words.still_before,
        Occasion.DURING: words.still_during,
        Occasion.AFTER: words.still_after,
    }[occasion]


def _speakers(chunk: list[DueAsk]) -> dict[int, Registration]:
    """Who answers for each registration: an adult for themselves, for a minor the guardian, by the
    registration of theirs that came with it."""
    found: dict[int, Registration] = {}
    minors = [each.registration for each in chunk if each.registration.traveller.is_minor]
    of_minor = {
        (row["memberships__party__members__registration"], row["pk"])
        for row in Registration.objects.filter(
            pk__in=[each.pk for each in minors], memberships__until=None
        ).values("pk", "memberships__party__members__registration")
    }
    together = Registration.objects.select_related("traveller").in_bulk(
        [number for number, _ in of_minor if number is not None]
    )
    for each in chunk:
        registration = each.registration
        if not registration.traveller.is_minor:
            found[registration.pk] = registration
            continue
        for number, minor in sorted(of_minor, key=str):
            adult = together.get(number)
            if (
                minor == registration.pk
                and adult is not None
                and adult.traveller_id == registration.traveller.guardian_id
            ):
                found[registration.pk] = adult
    return found


def _ways(speakers: list[Registration]) -> dict[int, list[tuple[int, str, bool, int]]]:
    """Verified mail addresses by registration: (contact point, language, neutral, epoch)."""
    ways: dict[int, list[tuple[int, str, bool, int]]] = defaultdict(list)
    if not speakers:
        return ways
    rows = verified_ways([each.traveller_id for each in speakers], clock.now())
    points = ContactPoint.objects.in_bulk([row[0] for row in rows])
    for point_id, registration_id, language, neutral in rows:
        point = points[point_id]
        if point.kind == ContactPoint.Kind.MAIL:
            ways[registration_id].append((point_id, language, neutral, point.link_epoch))
    return ways


def _covered(traveller_ids: set[int]) -> set[int]:
    entries = RollEntry.objects.filter(
        traveller_id__in=traveller_ids, closed_at=None, muster__closed_at=None
    )
    return set(entries.values_list("traveller_id", flat=True))
