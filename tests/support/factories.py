"""People, officers and bulletins, made through the services that pages and commands use."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue, Readback
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import clear
from wayhome.places.region import AnyRegion, parse
from wayhome.travellers.contact_policy import By
from wayhome.travellers.models import Reach, Registration, Traveller
from wayhome.trips import services as trips
from wayhome.trips.enrolment import Checked, EnrolmentSaid, PersonSaid, StaySaid
from wayhome.trips.writing import enrol_many
from wayhome.work import clock, registry
from wayhome.work.models import Owed
from wayhome.work.worker import run_until_idle


@dataclass(frozen=True)
class Staff:
    """Officers: who writes, who signs, who publishes, and those who may do less or see more."""

    author: Officer
    signer: Officer
    publisher: Officer
    viewer: Officer
    administrator: Officer
    case_officer: Officer


def make_officer(name: str, role: Role) -> Officer:
    """An officer without a usable password (hashing one takes long)."""
    return Officer.objects.create(
        email=f"{name}@ministry.example", name=name.title(), office="Desk", role=role, password="!"
    )


def make_staff() -> Staff:
    case_officer = make_officer("case", Role.OFFICER)
    clear(case_officer, "cases")
    return Staff(
        author=make_officer("author", Role.OFFICER),
        signer=make_officer("signer", Role.APPROVER),
        publisher=make_officer("publisher", Role.OFFICER),
        viewer=make_officer("viewer", Role.VIEWER),
        administrator=make_officer("administrator", Role.ADMINISTRATOR),
        case_officer=case_officer,
    )


def today() -> date:
    return clock.today()


def days(offset: int) -> date:
    """A day, counted from today."""
    return clock.today() + timedelta(days=offset)


def stay(place: str = "Mosul", arrive: int = -3, depart: int | None = 10) -> StaySaid:
    """Days are counted from today; ``depart`` None: residence."""
    return StaySaid(place, days(arrive), None if depart is None else days(depart))


def said(
    *people: str | PersonSaid, stays: Iterable[StaySaid] | None = None, **rest: Any
) -> EnrolmentSaid:
    """An enrolment of these people, in Mosul now and reached at one verified mail address."""
    named = [PersonSaid(p) if isinstance(p, str) else p for p in people or ("Ann Ash",)]
    values = {"mail": "ann@example.org", "verified_at": clock.now()} | rest
    return EnrolmentSaid(
        people=tuple(named), stays=tuple([stay()] if stays is None else stays), **values
    )


def enrol(*people: str | PersonSaid, **rest: Any) -> list[Registration]:
    return trips.enrol(said(*people, **rest))


def enrol_one(name: str = "Ann Ash", **rest: Any) -> Traveller:
    """One adult; their mail address follows their name unless it is given."""
    rest.setdefault("mail", f"{name.split()[0].lower()}@example.org")
    return enrol(name, **rest)[0].traveller


def register(name: str, *, door: str = "list", guardian: Traveller | None = None) -> Registration:
    """Somebody who is known by name alone: no stay, no address."""
    nothing = EnrolmentSaid(people=(PersonSaid(name),), stays=())
    (written,) = enrol_many([Checked(nothing)], door=door)
    Traveller.objects.filter(registrations__in=written.registrations).update(guardian=guardian)
    return Registration.objects.select_related("traveller").get(pk__in=written.registrations)


def reach_of(person: Traveller) -> Reach:
    """The one way in which somebody is reached."""
    return Reach.objects.get(registration__traveller=person)


def own(reach: Reach) -> By:
    """What is said about a reach on its owner's own page is said by them."""
    return By(registration_id=reach.registration_id)


def region(code: str = "IQ-NI") -> AnyRegion:
    return parse({"kind": "area", "code": code})


ENGLISH = TextSaid(
    "en",
    "Leave Mosul now",
    "Armed groups have entered the city.",
    "Leave by the road to Erbil in daylight.",
    "There is no danger in Mosul. You may stay.",
)


def warning(**changes: Any) -> BulletinSaid:
    """A complete warning for Nineveh that asks whether people are safe."""
    whole = BulletinSaid(
        kind="warning",
        region=region(),
        source="Embassy Baghdad",
        hazard="armed attack",
        texts=(ENGLISH,),
        ask="safety",
        expires_at=clock.now() + timedelta(days=30),
    )
    return replace(whole, **changes)


def work() -> None:
    """Do all that is due; a piece of work that fails, fails the test."""
    run_until_idle(120)
    failed = list(Owed.objects.exclude(last_error=""))
    assert not failed, failed[0].last_error


def work_but_sending() -> None:
    """Do what is due of owed work, and send nothing."""
    from wayhome.work.services import run_one_due

    while run_one_due():
        pass
    failed = list(Owed.objects.exclude(last_error=""))
    assert not failed, failed[0].last_error


def read_back(bulletin: Bulletin) -> Readback:
    """The readback that the job fills after submission."""
    from wayhome.work.services import run_one_due

    while Owed.objects.filter(job="audience.read_back", key=str(bulletin.pk)).exists():
        assert run_one_due()
    return bulletin.readbacks.latest("pk")


def submit_and_sign(staff: Staff, bulletin: Bulletin) -> Readback:
    bulletins.submit(staff.author, bulletin.pk)
    readback = read_back(bulletin)
    bulletins.sign(staff.signer, bulletin.pk, readback.pk, expect_count=readback.counts["people"])
    return readback


def finish(staff: Staff, bulletin: Bulletin) -> Issue:
    """Take a draft through submission, readback, signature and publication."""
    readback = submit_and_sign(staff, bulletin)
    return bulletins.publish(staff.publisher, bulletin.pk, expect_count=readback.counts["people"])


def publish(staff: Staff, what: BulletinSaid | None = None) -> Issue:
    """Publish a warning; its delivery is owed and not yet done."""
    return finish(staff, bulletins.draft(staff.author, what or warning()))


def update(staff: Staff, issue: Issue, what: BulletinSaid | None = None) -> Issue:
    return finish(staff, bulletins.begin_update(staff.author, issue.bulletin_id, what))


def cancel(staff: Staff, issue: Issue) -> Issue:
    return finish(staff, bulletins.begin_cancel(staff.author, issue.bulletin_id))


def mails(outbox: Path, issue: Issue) -> dict[str, EmailMessage]:
    """The files of an issue, by the address in ``To``."""
    found: dict[str, EmailMessage] = {}
    for path in sorted((outbox / f"issue-{issue.pk}").glob("*.eml")):
        parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        assert parsed["To"] not in found, "two files for one address"
        found[parsed["To"]] = parsed
    return found


def run_schedules() -> None:
    """Make every scheduled job due now, as if its time had come."""
    from wayhome.work.clock import database_now
    from wayhome.work.services import reconcile

    reconcile()
    every = [job.name for job in registry.jobs() if job.every is not None]
    Owed.objects.filter(job__in=every).update(due_at=database_now())


def moment(text: str) -> datetime:
    """An aware moment from ISO 8601."""
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    return parsed
