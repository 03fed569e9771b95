"""The doors through which people enrol themselves or others, each in one transaction.

What every door does besides writing: weigh whether the entry came in a burst, owe a code to each
address, owe telling whoever was entered by another. No door says whether a person was known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from wayhome.places.folding import fold
from wayhome.problems import Problem, Problems
from wayhome.travellers import marks, quarantine, references
from wayhome.travellers.addresses import normalise_mail
from wayhome.travellers.codes import owe_codes
from wayhome.travellers.door_models import Informant
from wayhome.travellers.models import FIRST_EPOCH, Door, Organisation, Reach
from wayhome.travellers.quarantine import Arriving
from wayhome.travellers.references import Kept
from wayhome.travellers.services import clean_name, clean_words
from wayhome.travellers.telling import owe_telling
from wayhome.trips.enrolment import Checked, EnrolmentSaid
from wayhome.trips.writing import enrol_many
from wayhome.work import clock
from wayhome.work.db import writes

RELATION_LENGTH = 60
HOW_LENGTH = 300


@dataclass(frozen=True)
class InformantSaid:
    """Who enters somebody else, as they say themselves."""

    name: str
    relation: str
    how_known: str = ""


@dataclass(frozen=True)
class At:
    """Which door, and who stands at it. ``network``: empty where it is not to be counted."""

    door: str = Door.SELF
    network: str = ""
    organisation: Organisation | None = None
    entered_by: int | None = None
    informant: InformantSaid | None = None
    # Addresses that an officer saw proven, or that are not to be written to: no codes.
    codes: bool = True


def enter(checked: Checked, at: At) -> list[Kept]:
    """Enrol, or find what the same press enrolled before, by the people's references. Problems with
    every fault of the informant, and nothing is written."""
    named = [person.reference for person in checked.said.people]
    before = _before(at, named)
    if before:
        return before
    if at.informant is not None and (faults := informant_faults(at.informant)):
        raise Problems(faults)
    try:
        return _enter(checked, at)
    except IntegrityError:  # the same press reached another process this instant
        before = _before(at, named)
        if not before:
            raise
        return before


def _before(at: At, named: Sequence[str]) -> list[Kept]:
    found = references.by_references(at.door, named)
    return [each for each in found if each.organisation == _organisation(at)]


def _organisation(at: At) -> int | None:
    return at.organisation.pk if at.organisation else None


def informant_faults(informant: InformantSaid) -> list[Problem]:
    faults = []
    try:
        clean_name(informant.name)
    except Problem as problem:
        faults.append(Problem("informant name", problem.problem, "give your own name"))
    if not clean_words(informant.relation):
        faults.append(Problem("informant relation", "is empty", "say what you are to them"))
    for name, words, most in (
        ("relation", informant.relation, RELATION_LENGTH),
        ("how", informant.how_known, HOW_LENGTH),
    ):
        if len(words) > most:
            long = f"has {len(words)} characters"
            faults.append(Problem(f"informant {name}", long, f"use at most {most}"))
    return faults


@writes
def _enter(checked: Checked, at: At) -> list[Kept]:
    (written,) = enrol_many(
        [checked], door=at.door, entered_by=at.entered_by, organisation=at.organisation
    )
    numbers = written.registrations
    counted = at.door in (Door.SELF, Door.RELATIVE)
    suspicion = quarantine.weigh(arriving(checked.said, at.network, counted=counted))
    if suspicion is not None:
        quarantine.put_in(numbers, suspicion)
    if at.informant is not None:
        _write_informant(numbers, at.informant)
    if at.codes:
        owe_codes(written.to_verify, marks.mark("network", at.network))
    owe_telling(dict.fromkeys(numbers, at.door))
    return [Kept(number, FIRST_EPOCH, _organisation(at)) for number in numbers]


def arriving(said: EnrolmentSaid, network: str, *, counted: bool) -> Arriving:
    """How an enrolment is like others: by its people, by its stays and the domain of its mail."""
    domain = normalise_mail(said.mail).rpartition("@")[2] if said.mail else ""
    stays = "|".join(f"{fold(each.place)} {each.arrive} {each.depart}" for each in said.stays)
    return Arriving(
        network=network,
        names="|".join(sorted(fold(person.name) for person in said.people)),
        trip=f"{domain} {stays}" if domain else "",
        counted=counted,
    )


def _write_informant(registration_ids: Sequence[int], said: InformantSaid) -> None:
    Informant.objects.bulk_create(
        [
            Informant(
                registration_id=each,
                name=clean_name(said.name),
                relation=clean_words(said.relation),
                how_known=clean_words(said.how_known),
                made_at=clock.now(),
            )
            for each in registration_ids
        ]
    )


def reaches_to_verify(registration_ids: Sequence[int]) -> list[Reach]:
    """Addresses of these registrations to which a code was or will be sent."""
    rows = Reach.objects.filter(
        registration__in=list(registration_ids),
        purpose=Reach.Purpose.OWN,
        ended_at=None,
        verified_at=None,
        contact_point__kind="mail",
    )
    return list(rows.select_related("contact_point", "registration__traveller").order_by("pk"))
