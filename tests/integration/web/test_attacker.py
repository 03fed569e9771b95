"""Somebody who knows her true name, birth date, passport number and address tries every door.

They learn nothing: each door answers in the same words, of the same size, after the same questions
to the database, as for a person who was never there (how long it takes follows from what is asked;
a clock would decide nothing here). And they change nothing of hers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests.support.factories import Staff, enrol, run_schedules
from tests.support.portal import code_in, letters_to, link_in, reach_at
from wayhome.officers.account_models import Passkey
from wayhome.travellers import private, quarantine
from wayhome.travellers.models import (
    ContactPoint,
    Likeness,
    PartyMember,
    Reach,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.travellers.privacy_models import TravellerPrivate
from wayhome.travellers.private import DocumentSeen
from wayhome.trips.models import Stay
from wayhome.web.portal.urls import urlpatterns
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("outbox")]

NAME, MAIL, PLACE = "Amina Haddad", "amina@example.org", "Basra"
BORN, PASSPORT = "1988-03-04", "K1234567X"
# Of the same lengths, and nobody's.
NOBODY, NO_MAIL = "Zehra Qasimi", "zehra@example.org"
NOT_BORN, NO_PASSPORT = "1991-07-15", "Q7654321Y"


@dataclass(frozen=True)
class Person:
    """Whom they pretend to be, or to know."""

    name: str
    mail: str
    born: str
    passport: str


HER, NONE = Person(NAME, MAIL, BORN, PASSPORT), Person(NOBODY, NO_MAIL, NOT_BORN, NO_PASSPORT)


@dataclass(frozen=True)
class Seen:
    """One answer as the attacker sees it, without what they typed and what is drawn by lot."""

    status: int
    headers: tuple[tuple[str, str], ...]
    words: str
    size: int
    asked: tuple[str, ...]


@pytest.fixture
def her(staff: Staff) -> Registration:
    (registration,) = enrol(NAME, mail=MAIL)
    seen = DocumentSeen("passport", PASSPORT, "IQ", date(2031, 1, 1))
    private.add_document(staff.case_officer, registration, seen)
    Stay.objects.update(words=PLACE)
    run_until_idle()
    return registration


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take their time (bursts are for test_bursts); what each process asks once a second,
    whoever comes, is asked at no moment of these."""
    monkeypatch.setattr(quarantine, "SAME_NAMES", 1000)
    monkeypatch.setattr(quarantine, "crowded", lambda limit: False)
    monkeypatch.setattr(clock, "_OFFSET_KEPT_SECONDS", 3600.0)


def said(person: Person, **more: str) -> dict[str, str]:
    today = clock.today()
    return {
        "press": "0" * 32,
        "people": "1",
        "stays": "1",
        "person-0-name": person.name,
        "stay-0-place": "Mosul",
        "stay-0-country": "Iraq",
        "stay-0-arrive": today.isoformat(),
        "stay-0-depart": (today + timedelta(days=5)).isoformat(),
        "mail": person.mail,
        "phone": "",
        "language": "en",
    } | more


def enrols_as(client: Client, person: Person) -> Iterator[Any]:
    """By her own address, and guesses at the code that she is sent."""
    answer = client.post("/enrol/", said(person))
    yield answer
    page = client.get(answer["Location"])
    yield page
    (reach,) = re.findall(r'name="reach" value="(\d+)"', page.content.decode())
    for code in (person.born, person.passport, "1234 5678"):
        yield client.post(answer["Location"], {"reach": reach, "code": code})
    yield client.post(answer["Location"], {"reach": reach, "again": "yes"})


def enters_as_a_relative(client: Client, person: Person) -> Iterator[Any]:
    informant = {
        "informant_name": "A Friend",
        "informant_relation": "brother",
        "informant_how": f"born {person.born}, passport {person.passport}",
    }
    answer = client.post("/enrol/for-someone/", said(person, **informant))
    yield answer
    yield client.get(answer["Location"])


def enrols_with_faults(client: Client, person: Person) -> Iterator[Any]:
    yield client.post("/enrol/", said(person, **{"stay-0-place": "Nowhere at all"}))
    yield client.post("/enrol/", said(person, organisation_code=person.passport))
    yield client.post("/enrol/", said(person, more="person"))


def asks_for_her_link(client: Client, person: Person) -> Iterator[Any]:
    for _ in range(2):
        answer = client.post("/my-link/", {"mail": person.mail})
        yield answer
        yield client.get(answer["Location"])


def adds_her_address(client: Client, person: Person) -> Iterator[Any]:
    """To an enrolment of their own; then every page that shows it, and the download."""
    answer = client.post("/enrol/", said(person, mail="own@example.net"))
    page = client.get(answer["Location"]).content.decode()
    (own,) = set(re.findall(r'(/my/[^/"]+/)', page))
    yield client.post(f"{own}addresses/new/", {"mail": person.mail, "phone": ""})
    yield client.post(f"{own}addresses/new/", {"mail": person.mail, "phone": ""})
    number = reach_at(person.mail).pk
    yield client.get(own)
    yield client.get(f"{own}reach/{number}/")
    yield client.post(f"{own}reach/{number}/code/", {"code": person.passport})
    yield client.get(f"{own}kept/")
    yield client.get(f"{own}data.json")


def forges(client: Client, person: Person) -> Iterator[Any]:
    """Every address with a token: what they know of her, and signatures by keys of their own."""
    forged = [person.name, person.mail, person.passport, signing.dumps([1, 1], key="theirs")]
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if "<str:token>" not in route:
            continue
        route = re.sub(r"<int:\w+>", "1", route)
        for token in forged:
            url = "/" + route.replace("<str:token>", token.replace(" ", "-"))
            yield client.get(url)
            yield client.post(url, {"name": person.name, "mail": person.mail, "sure": "yes"})


def signs_in_as_her(client: Client, person: Person) -> Iterator[Any]:
    yield client.get("/desk/sign-in/")
    yield client.post("/desk/sign-in/", {"username": person.mail, "password": person.passport})


TRIES: list[Callable[[Client, Person], Iterator[Any]]] = [
    enrols_as,
    enters_as_a_relative,
    enrols_with_faults,
    adds_her_address,
    asks_for_her_link,
    forges,
    signs_in_as_her,
]


def seen(attempt: Callable[[Client, Person], Iterator[Any]], person: Person) -> list[Seen]:
    answers = attempt(Client(), person)
    found = []
    while True:
        with CaptureQueriesContext(connection) as queries:
            answer = next(answers, None)
        if answer is None:
            return found
        words = bare(answer.content.decode(), person)
        headers = tuple(sorted((name, bare(value, person)) for name, value in answer.items()))
        asked = tuple(shape(query["sql"]) for query in queries)
        found.append(Seen(answer.status_code, headers, words, len(words), asked))


def bare(words: str, person: Person) -> str:
    for typed in (person.name, person.mail, person.born, person.passport):
        for form in (typed, typed.replace(" ", "-"), typed.replace(" ", "%20")):
            words = words.replace(form, "·" * len(form))
    words = words.replace(f"{person.mail[0]}…", "·")  # as masked
    words = re.sub(r"\bweb-[0-9a-f-]+", "REFERENCE", words)
    words = re.sub(r"[\w-]+(:[\w-]+)?:[\w-]{43}", "TOKEN", words)
    words = re.sub(r"\b[0-9a-zA-Z]{32,64}\b", "TOKEN", words)
    return re.sub(r"\d+", "N", words)


def shape(statement: str) -> str:
    """What was asked, without the values."""
    statement = re.sub(r"'(?:[^']|'')*'", "?", statement)
    statement = re.sub(r'"s\d+_x\d+"', "?", statement)  # a savepoint's name
    return re.sub(r"\b\d+(\.\d+)?(e[+-]?\d+)?\b", "?", statement)


@pytest.mark.parametrize("attempt", TRIES, ids=lambda each: each.__name__)
def test_no_door_says_whether_she_is_there(
    her: Registration, attempt: Callable[[Client, Person], Iterator[Any]]
) -> None:
    # She had mail here, in her language, until her box was full.
    ContactPoint.objects.update(language="ar", suppressed_at=clock.now())
    seen(attempt, Person("Somebody Else", "other@example.org", "2000-01-01", "X0000000X"))  # warm
    of_her, of_none = seen(attempt, HER), seen(attempt, NONE)
    assert len(of_her) == len(of_none) > 0
    for number, (one, other) in enumerate(zip(of_her, of_none, strict=True)):
        assert one.status == other.status, number
        assert one.headers == other.headers, number
        assert one.words == other.words, number
        assert one.size == other.size, number
        assert one.asked == other.asked, number


def whole(registration: Registration) -> dict[str, list[dict[str, Any]]]:
    """All that is kept of her."""
    number, traveller = registration.pk, registration.traveller_id
    rows = {
        "traveller": Traveller.objects.filter(pk=traveller),
        "registration": Registration.objects.filter(traveller=traveller),
        "reach": Reach.objects.filter(registration=number),
        "stay": Stay.objects.filter(trip__registration=number),
        "party": PartyMember.objects.filter(registration=number),
        "private": TravellerPrivate.objects.filter(registration=number),
        "repointing": Repointing.objects.filter(from_traveller=traveller),
    }
    return {name: list(found.order_by("pk").values()) for name, found in rows.items()}


def test_nothing_of_hers_is_changed_and_her_address_is_told_no_more_than_that_it_was_given(
    her: Registration,
) -> None:
    before, own = whole(her), len(letters_to(MAIL))
    for attempt in TRIES:
        seen(attempt, HER)
        run_until_idle()
    assert whole(her) == before
    letters = letters_to(MAIL)[own:]
    assert {letter.kind for letter in letters} <= {"code", "link"}
    assert len([letter for letter in letters if letter.kind == "link"]) == 1  # she may have asked
    assert 1 <= len(letters) <= 6
    for letter in letters:
        for word in (PASSPORT, PLACE, "A Friend"):
            assert word not in letter.body
        # Who reads there may be the attacker: only her own link, where she proved it, names her.
        assert letter.kind == "link" or NAME not in letter.body
    assert not Passkey.objects.exists()


def test_who_enrols_her_name_by_an_address_of_their_own_sees_what_they_typed_and_no_more(
    her: Registration,
) -> None:
    client, before = Client(), whole(her)
    answer = client.post("/enrol/", said(HER, mail="attacker@example.org"))
    run_until_idle()
    (letter,) = letters_to("attacker@example.org")
    page = client.get(answer["Location"]).content.decode()
    (reach,) = re.findall(r'name="reach" value="(\d+)"', page)
    client.post(answer["Location"], {"reach": reach, "code": code_in(letter)})
    assert reach_at("attacker@example.org").verified_at is not None
    client.post("/my-link/", {"mail": "attacker@example.org"})
    run_until_idle()
    own = link_in(letters_to("attacker@example.org")[-1], "my")
    for path in ("", "kept/", "data.json"):
        page = client.get(own + path).content.decode()
        assert "Mosul" in page or path == "kept/"
        for word in (PLACE, MAIL, PASSPORT, "K123"):
            assert word not in page, path
    run_schedules()
    run_until_idle()
    assert Likeness.objects.exists()  # officers are shown both, and told why
    assert whole(her) == before


def test_every_address_with_a_token_is_tried() -> None:
    """Those of the portal are in one list; whatever is added there is forged too."""
    listed = {str(pattern.pattern) for pattern in urlpatterns}
    resolver = get_resolver()
    everywhere = {
        str(entry.pattern)
        for part in resolver.url_patterns
        for entry in getattr(part, "url_patterns", [part])
        if "<str:token>" in str(entry.pattern) and not str(part.pattern).startswith("desk/")
    }
    assert everywhere
    assert everywhere <= listed
