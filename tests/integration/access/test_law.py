"""The law holds at every door: a crawler signed in as each role sees what the table allows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, SlugConverter

from tests.integration.access.conftest import World
from wayhome.officers import law
from wayhome.officers.law import Open
from wayhome.officers.models import Look, Officer
from wayhome.officers.roles import MAY, Role, Verb
from wayhome.travellers.models import Traveller
from wayhome.web.desk.gate import VERBS

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# What no crawl can press without ending its own session or asking for a password first.
NOT_POSTED = {"desk:sign-out"}
# What these answer to a browser that holds no link and no password that was right.
NOTHING_HELD = {"desk:accept": 410, "desk:set-up-question": 403}


def desk_routes() -> Iterator[tuple[str, URLPattern, str]]:
    """Every address of the desk: its name, its pattern, and its path with the names in it."""

    def walk(
        resolver: URLResolver, prefix: str, space: str
    ) -> Iterator[tuple[str, URLPattern, str]]:
        for each in resolver.url_patterns:
            path = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each, path, each.namespace or space)
            elif space == "desk":
                yield f"desk:{each.name}", each, path

    yield from walk(get_resolver(), "", "")


def addresses(world: World, officer: Officer | None) -> Iterator[tuple[str, str]]:
    """(line of the law, address) for every route, every step of it, with real numbers in it."""
    for name, pattern, path in desk_routes():
        filled = "/" + path
        for argument, converter in pattern.pattern.converters.items():
            if isinstance(converter, IntConverter) and not isinstance(converter, SlugConverter):
                filled = filled.replace(f"<int:{argument}>", str(world.numbers[argument]))
        if "<str:token>" in filled:
            filled = filled.replace("<str:token>", world.tokens[name](officer))
        assert not {"int", "str"} & set(re.findall(r"<(\w+):", filled)), filled
        for step in law.steps(name) or [""]:
            line = f"{name} {step}".strip()
            yield line, filled.replace("<slug:step>", step)


def test_every_route_of_the_desk_has_a_line_and_no_line_is_idle() -> None:
    named = {name for name, _, _ in desk_routes()}
    lines = {line.partition(" ")[0] for line in law.PAGES}
    assert named == lines
    assert len(named) > 30


def test_what_a_page_says_that_it_asks_for_is_what_the_law_asks() -> None:
    for name, pattern, _ in desk_routes():
        said = VERBS.get(f"{pattern.callback.__module__}.{pattern.callback.__name__}", "no gate")
        if law.steps(name):
            assert said is None, name
        elif law.PAGES[name].asks == Open.EVERYBODY:
            assert said == "no gate", name
        else:
            asks = law.PAGES[name].asks
            assert said == (asks if isinstance(asks, Verb) else None), name


@pytest.mark.parametrize("who", [*Role, None], ids=lambda who: who or "nobody")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_role_sees_what_the_table_allows(
    who: Role | None, method: str, world: World, officers: dict[Role, Officer]
) -> None:
    """200, 302 and the like where it may; 403 where it may not; to sign in where nobody is."""
    crawled = 0
    for line, address in addresses(world, officers.get(who) if who else None):
        if method == "POST" and line in NOT_POSTED:
            continue
        client = Client()
        if who is not None:
            sign_in(client, officers[who])
        answer = client.get(address) if method == "GET" else client.post(address)
        page = b"" if answer.streaming else answer.content
        crawled += 1
        view = law.PAGES[line]
        if view.asks == Open.EVERYBODY:
            assert answer.status_code in (200, 302, 405, NOTHING_HELD.get(line)), (line, answer)
        elif answer.status_code == 405:
            assert not page, line  # an address that takes no such form says nothing to anyone
        elif who is None:
            assert answer.status_code in (302, 401), (line, answer.status_code)
            if answer.status_code == 302:
                assert answer["Location"].startswith("/desk/sign-in/"), line
        elif who in view.roles:
            if line == "desk:prove" and method == "POST":  # it asks for the password again
                assert answer.status_code == 401
                continue
            assert answer.status_code in (200, 302, 404, 422), (line, answer.status_code)
        else:
            assert answer.status_code == 403, (line, answer.status_code)
            assert b"Your role does not allow this" in page, line
        if who is None or who not in view.roles:
            assert not named_in(page), line
        else:
            _looks_are_recorded(officers[who], page, line)
    assert crawled > 40


def sign_in(client: Client, officer: Officer) -> None:
    """Signed in, and with a purpose said, where the role may look for people at all."""
    client.force_login(officer)
    session = client.session
    session["people_purpose"] = "a crawl"
    session.save()


def named_in(page: bytes) -> list[Traveller]:
    people = Traveller.objects.all()
    return [person for person in people if person.name.encode() in page]


def _looks_are_recorded(officer: Officer, page: bytes, line: str) -> None:
    """Whoever is named on a page was looked at by the officer who read it."""
    for person in named_in(page):
        assert Look.objects.filter(officer_id=officer.pk, traveller_id=person.pk).exists(), line
        seers = {Verb.SEE_PEOPLE, Verb.SEE_OWN_PEOPLE}
        assert MAY[Role(officer.role)] & seers, f"{line} names people to {officer.role}"


def test_the_crawler_meets_people_where_it_may(world: World, officers: dict[Role, Officer]) -> None:
    """The crawl above proves something: there are people on the pages that it reads."""
    client = Client()
    viewer, officer = officers[Role.VIEWER], officers[Role.OFFICER]
    sign_in(client, viewer)
    read = {line: client.get(address) for line, address in addresses(world, viewer)}
    for line in (
        "desk:roll", "desk:entry", "desk:addresses", "desk:person", "desk:likely", "desk:beside",
    ):  # fmt: skip
        assert named_in(read[line].content), line
    found = client.post("/desk/people/", {"q": "Ann", "purpose": "a call"})
    assert [person.name for person in named_in(found.content)] == ["Ann Ash", "Ash Ann"]
    client = Client()
    sign_in(client, officer)
    enrolled = dict(addresses(world, officer))["desk:enrolled"]
    assert named_in(client.get(enrolled).content)
    another = Client()
    sign_in(another, officers[Role.APPROVER])
    assert another.get(enrolled).status_code == 404
    client.force_login(officers[Role.ORGANISATION])
    own = client.get("/desk/organisation/").content
    assert [person.name for person in named_in(own)] == ["Uma Student"]


def test_a_route_without_a_line_is_nobody_s(
    world: World, officers: dict[Role, Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {line: view for line, view in law.PAGES.items() if line != "desk:owed"}
    monkeypatch.setattr(law, "PAGES", without)
    client = Client()
    client.force_login(officers[Role.APPROVER])
    answer = client.get("/desk/owed/")
    assert answer.status_code == 403
    assert b"not in the table of access" in answer.content
    with pytest.raises(AssertionError):
        test_every_route_of_the_desk_has_a_line_and_no_line_is_idle()


def test_who_manages_sees_nobody_and_who_audits_sees_nobody() -> None:
    people = {Verb.SEE_PEOPLE, Verb.SEE_OWN_PEOPLE, Verb.ENROL, Verb.MUSTER, Verb.EXPORT}
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert not MAY[role] & people
    for role in Role:
        assert not (Verb.AUDIT in MAY[role] and MAY[role] & people)
        assert not (Verb.MANAGE_OFFICERS in MAY[role] and MAY[role] & (people | {Verb.AUDIT}))
    assert MAY[Role.ORGANISATION] == {Verb.SEE_OWN_PEOPLE}
