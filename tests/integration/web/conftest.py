"""Officers, people and a published warning, made through the services as pages find them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.test import Client

from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.links import ReplyLink, TripsLink, reply_token, trips_token
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import make_officer
from wayhome.places.reading import read
from wayhome.travellers.models import ContactPoint, Reach, Registration
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid
from wayhome.trips.services import enrol
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

ARABIC = "ابتعد عن الموصل"
PASSWORD = secrets.token_urlsafe(16)


@pytest.fixture
def officer_of(db: None) -> Callable[[str], Officer]:
    """One officer of each role that is asked for."""
    made: dict[str, Officer] = {}

    def of(role: str) -> Officer:
        if role not in made:
            made[role] = make_officer(
                email=f"{role.replace(' ', '-')}@example.org",
                name=f"Olga {role.title()}",
                office="Baghdad",
                role=role,
                password=PASSWORD,
            )
        return made[role]

    return of


@pytest.fixture
def author(officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.OFFICER)


@pytest.fixture
def signer(officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.APPROVER)


@pytest.fixture
def desk(author: Officer) -> Client:
    """The author's browser."""
    return signed_in(author)


@pytest.fixture
def second_desk(signer: Officer) -> Client:
    """The signer's browser."""
    return signed_in(signer)


def signed_in(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer)
    return client


@pytest.fixture
def family(db: None) -> list[Registration]:
    """An adult and a child in Mosul, with a verified mail address."""
    today = clock.today()
    return enrol(
        EnrolmentSaid(
            people=(PersonSaid("Amina Haddad"), PersonSaid("Bo Haddad", minor=True)),
            stays=(StaySaid("Mosul", today - timedelta(days=3), today + timedelta(days=9), "IQ"),),
            mail="amina@example.org",
            phone="+9647901234567",
            language="ar",
            verified_at=clock.now(),
        )
    )


def said(**changes: object) -> BulletinSaid:
    """A warning for Nineveh that lacks nothing."""
    values: dict[str, object] = {
        "kind": "warning",
        "region": read("Nineveh, Iraq"),
        "source": "Foreign Ministry",
        "hazard": "Fighting in Mosul",
        "ask": "safety",
        "expires_at": clock.now() + timedelta(days=7),
        "texts": (
            TextSaid("en", "Leave Mosul", "There is fighting.", "Go north.", "Mosul is calm."),
            TextSaid("ar", ARABIC, "هناك قتال.", "اذهب شمالاً.", "الموصل هادئة."),
        ),
    }
    return BulletinSaid(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def draft(author: Officer, family: list[Registration]) -> Bulletin:
    return bulletins.draft(author, said())


@pytest.fixture
def submitted(author: Officer, draft: Bulletin) -> Bulletin:
    bulletins.submit(author, draft.pk)
    run_until_idle()
    draft.refresh_from_db()
    return draft


@pytest.fixture
def issue(author: Officer, signer: Officer, submitted: Bulletin) -> Issue:
    """Published and sent (to files)."""
    newest = submitted.readbacks.latest("pk")
    bulletins.sign(signer, submitted.pk, newest.pk)
    published = bulletins.publish(author, submitted.pk)
    run_until_idle()
    return published


@dataclass(frozen=True)
class Links:
    reply: str
    trips: str


@pytest.fixture
def links(issue: Issue, family: list[Registration]) -> Links:
    """Paths of the signed links of the adult."""
    adult = family[0]
    point = ContactPoint.objects.get(kind="mail")
    assert Reach.objects.filter(contact_point=point, registration=adult).exists()
    reply = ReplyLink(issue.pk, point.pk, adult.pk, point.link_epoch)
    trips = TripsLink(adult.pk, adult.link_epoch)
    return Links(f"/r/{reply_token(reply)}/", f"/my/{trips_token(trips)}/")


@pytest.fixture
def form() -> dict[str, str]:
    """An enrolment as the page sends it."""
    return enrolment_form(clock.today())


def enrolment_form(today: date) -> dict[str, str]:
    return {
        "press": secrets.token_hex(16),
        "people": "2",
        "stays": "1",
        "person-0-name": "Ada Byron",
        "person-1-name": "Bo Byron",
        "person-1-minor": "on",
        "stay-0-place": "Mosul",
        "stay-0-country": "Iraq",
        "stay-0-arrive": today.isoformat(),
        "stay-0-depart": (today + timedelta(days=5)).isoformat(),
        "mail": "ada@example.org",
        "phone": "",
        "language": "en",
    }
