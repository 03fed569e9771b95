"""What an erasure and the passing of time leave of deliveries: keys, states, moments and counts."""

from datetime import datetime

from django.db.models import Q

from wayhome.bulletins.models import Issue
from wayhome.delivery import erasing_sql as sql
from wayhome.delivery import host_files
from wayhome.delivery.models import ForgottenFiles
from wayhome.delivery.types import DeliveryKey
from wayhome.letters.models import Letter
from wayhome.travellers.erasers import Subject, eraser
from wayhome.travellers.erasing import live_domains
from wayhome.travellers.models import ContactPoint, PartyMember, Reach
from wayhome.travellers.privacy_models import ErasureAsk
from wayhome.travellers.retention import (
    CHUNK,
    Chunk,
    free_registrations,
    held_people,
    mark,
    rule,
    set_mark,
)
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import keep_lease

RULE = "delivery words"
RULE_OF_LETTERS = f"{RULE} of letters"
_MOST_DOMAINS = 100


@eraser("delivery")
def erase(subject: Subject) -> dict[str, int]:
    """Deliveries stay by number; what relays said of an address goes, and its messages that became
    files, on this host at once and on the others within minutes."""
    points = ContactPoint.objects.filter(pk__in=subject.alone, erased_at=None)
    addresses = dict(points.values_list("pk", "address"))
    host_files.forget_kept(addresses.values())
    details = 0
    naming = _naming(subject)
    for point in sorted(subject.points):
        keep_lease()
        keys = sql.keys_of(point)
        if point in subject.alone:
            details += _forget_details(keys)
        if point not in naming:  # messages to others, who have them still
            letters = Letter.objects.filter(registration_id__in=subject.registrations)
            own = set(letters.filter(contact_point_id=point).values_list("pk", flat=True))
            keys = [key for key in keys if key.letter_id in own]
        host_files.forget_outbox(keys)
    _note_files(subject, naming)
    _fold(subject)
    return {"attempt": details}


@writes
def _forget_details(keys: list[DeliveryKey]) -> int:
    return sql.forget_details(keys)


def _naming(subject: Subject) -> frozenset[int]:
    """Addresses at which messages may name them: theirs alone, or shown to be theirs too."""
    verified = Reach.objects.filter(contact_point__in=subject.points, verified_at__isnull=False)
    theirs = PartyMember.objects.filter(registration__in=subject.registrations)
    shared = verified.filter(
        Q(registration__in=subject.registrations) | Q(party__in=theirs.values("party"))
    )
    return subject.alone | frozenset(shared.values_list("contact_point_id", flat=True))


@writes
def _note_files(subject: Subject, points: frozenset[int]) -> None:
    """Once for each point and erasure: a repeated step adds nothing."""
    noted = ForgottenFiles.objects.filter(contact_point_id__in=points)
    known = set(noted.filter(at__gte=_begun(subject)).values_list("contact_point_id", flat=True))
    ForgottenFiles.objects.bulk_create(
        [ForgottenFiles(contact_point_id=point, at=clock.now()) for point in sorted(points - known)]
    )


def _begun(subject: Subject) -> datetime:
    rows = ErasureAsk.objects.filter(registration_id__in=subject.registrations, done_at=None)
    begun = rows.exclude(begun_at=None).order_by("begun_at").values_list("begun_at", flat=True)
    return begun.first() or clock.now()


@writes
def _fold(subject: Subject) -> None:
    """A domain of one's own names its owner; it goes from the totals with its last address."""
    points = ContactPoint.objects.filter(pk__in=subject.alone, erased_at=None)
    domains = set(points.values_list("domain", flat=True)) - {""}
    sql.fold_domains(domains - set(live_domains(domains, subject.alone)))


@rule(
    "domains",
    "delivery",
    "WAYHOME_RETAIN_PERSON_DAYS",
    "receiving domains in counts, once no address is in them",
)
@writes
def stray_domains(_before: datetime, _after: int, dry: bool) -> Chunk:
    domains = sql.stray_domains(_MOST_DOMAINS)
    if not dry:
        sql.fold_domains(domains)
    more = 0 if len(domains) == _MOST_DOMAINS and not dry else None
    return Chunk(len(domains), more)


@rule(
    RULE,
    "delivery",
    "WAYHOME_RETAIN_WORDS_DAYS",
    "what relays and providers said about deliveries; that and when they were made stays",
)
@writes
def old_details(before: datetime, after: int, dry: bool) -> Chunk:
    """Issue by issue and then letters, each once: what is done is marked. ``after`` counts within
    the one that is in hand."""
    issues = Issue.objects.filter(pk__gt=mark(RULE), published_at__lt=before).order_by("pk")
    issue_id = issues.values_list("pk", flat=True).first()
    if dry:
        return Chunk(_count_due(list(issues.values_list("pk", flat=True)[:CHUNK])), None)
    if issue_id is None:
        return _old_letters(before, after)
    numbers, more = sql.old_details(issue_id, after, CHUNK, 0)
    n = sql.empty_details(issue_id, _free_points(numbers))
    if more is None:
        set_mark(RULE, issue_id)
        return Chunk(n, 0)
    return Chunk(n, more)


def _count_due(issues: list[int]) -> int:
    n = 0
    for issue_id in issues:
        more: int | None = 0
        while more is not None:
            numbers, more = sql.old_details(issue_id, more, CHUNK, 0)
            n += sql.count_details(issue_id, _free_points(numbers))
    return n


def _old_letters(before: datetime, after: int) -> Chunk:
    start, until = max(after, mark(RULE_OF_LETTERS)), sql.newest_letter(before)
    numbers, more = sql.old_details(0, start, CHUNK, until)
    n = sql.empty_details(0, _free_letters(numbers))
    if numbers:
        set_mark(RULE_OF_LETTERS, numbers[-1])
    return Chunk(n, more)


def _free_points(points: list[int]) -> list[int]:
    """Those of these contact points that serve nobody who must stay for now."""
    rows = Reach.objects.filter(contact_point__in=points)
    pairs = list(rows.values_list("contact_point_id", "registration__traveller_id").distinct())
    held = held_people(traveller for _, traveller in pairs)
    return sorted(set(points) - {point for point, traveller in pairs if traveller in held})


def _free_letters(letters: list[int]) -> list[int]:
    """Those of these letters that are about nobody who must stay for now."""
    about = dict(
        Letter.objects.filter(pk__in=letters, registration_id__isnull=False).values_list(
            "pk", "registration_id"
        )
    )
    free = free_registrations(number for number in about.values() if number is not None)
    return [letter for letter in letters if about.get(letter) is None or about[letter] in free]
