"""Nothing of what is kept of a person is in a log, in an error, or in the address of a page.

She comes in by every door and lives through an incident (as in ``test_canary``) while every line of
every level is kept, and while jobs, pages and imports fail on her very rows.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.integration.privacy.test_canary import (
    DOCUMENT,
    MAIL,
    NAME,
    PHONE,
    TRACES,
    everywhere,
    lived_through,
)
from tests.support.factories import make_officer, make_staff, work
from tests.support.logs import everything_logged
from wayhome.links import TripsLink, trips_token
from wayhome.officers.models import Clearance, Compartment
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.travellers.models import Registration, Traveller
from wayhome.trips.importing import import_csv
from wayhome.web.portal import views_trips
from wayhome.work import clock, registry
from wayhome.work.models import Owed
from wayhome.work.services import owe, run_one_due

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
MOST_PAGES = 400
_ADDRESS = re.compile(r'(?:href|src|action|hx-get|hx-post)="([^"]+)"')


@pytest.fixture
def data(outbox: Path) -> Path:
    return outbox.parent


def found_in(words: str) -> list[str]:
    spaced = words.replace("%20", " ").replace("+", " ").casefold()
    return [each for each in (*TRACES, MAIL, PHONE) if each.casefold() in spaced]


def written_twice() -> None:
    """What the database says of it quotes the row."""
    person = Traveller.objects.filter(name=NAME).first()
    assert person is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO traveller (id, name, made_at) SELECT id, name, made_at FROM traveller"
            " WHERE id = %s",
            [person.pk],
        )


def name_of_nobody() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO traveller (name, made_at, guardian_id) VALUES ('{NAME}', NULL, 1)"
        )


def test_no_line_that_is_logged_tells_of_her(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = make_staff()
    with everything_logged() as logged:
        own = everywhere(staff, data)
        lived_through(staff, own, data)
        faults_of_pages(own, monkeypatch)
        faults_of_imports(data)
        failed = faults_of_jobs(monkeypatch)
        work()
    lines = logged.getvalue()
    assert "Traceback" in lines
    assert "null value" in lines or "NOT NULL" in lines
    assert found_in(lines) == []
    assert failed
    assert [each for error in failed for each in found_in(error)] == []


def faults_of_jobs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two jobs fail on her row, each in the way in which a database quotes it."""
    errors = []
    for fault in (written_twice, name_of_nobody):
        Owed.objects.all().delete()
        job = registry.get("travellers.tell")
        monkeypatch.setitem(
            registry._jobs, job.name, type(job)(job.name, lambda keys, fault=fault: fault(), 1)
        )
        owe(job.name, 1)
        assert run_one_due()
        errors.append(Owed.objects.get(job=job.name).last_error)
        assert "IntegrityError" in errors[-1]
    Owed.objects.all().delete()
    monkeypatch.undo()
    return errors


def faults_of_pages(own: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms with faults, links that are forged, and a page of hers that fails on her row."""
    client = Client(raise_request_exception=False)
    token = trips_token(TripsLink(own.pk, own.link_epoch))
    for url in ("/enrol/", "/enrol/for-someone/", "/my-link/", f"/my/{token}/addresses/new/"):
        sent = {"person-0-name": NAME, "mail": f"{MAIL} {PHONE}", "phone": DOCUMENT, "press": NAME}
        assert client.post(url, sent).status_code == 422
    assert client.get(f"/my/{NAME}/").status_code == 404
    assert client.get(f"/nowhere/{own.pk}/").status_code == 404

    def fails(*_: Any) -> None:
        name_of_nobody()

    monkeypatch.setattr(views_trips, "render", fails)
    answer = client.get(f"/my/{token}/")
    assert answer.status_code == 500
    assert found_in(answer.content.decode()) == []
    monkeypatch.undo()


def faults_of_imports(data: Path) -> None:
    file = data / "broken.csv"
    file.write_text(
        "reference,name,mail,place,country,arrive\n"
        f"quorndon-new,{NAME},{MAIL} {PHONE},Nowhere at all,IQ,soon\n",
        encoding="utf-8",
    )
    assert import_csv(file).enrolled == 0
    file.write_text(f"{NAME},{MAIL}\n", encoding="utf-8")
    with pytest.raises(Problem):
        import_csv(file)
    file.unlink()


@pytest.mark.parametrize("role", list(Role))
def test_no_address_of_a_page_tells_of_her(data: Path, role: Role) -> None:
    """Addresses are kept by browsers, proxies and whoever looks over a shoulder; but for those that
    go to no server, with which an officer calls her."""
    staff = make_staff()
    own = everywhere(staff, data)
    lived_through(staff, own, data)
    officer = make_officer("walker", role)
    cases, _ = Compartment.objects.get_or_create(name="cases")
    Clearance.objects.create(officer=officer, compartment=cases, given_at=clock.now())
    client = Client()
    client.force_login(officer)
    walked = walk(client, ["/desk/", "/desk/people/"])
    answer = client.post("/desk/people/", {"q": NAME, "purpose": "she is missed"})
    walked |= walk(client, _ADDRESS.findall(answer.content.decode()))
    own_page = f"/my/{trips_token(TripsLink(own.pk, own.link_epoch))}/"
    walked |= walk(Client(), ["/", own_page])
    assert len(walked) > 10
    telling = {url for url in walked if found_in(url)}
    assert {url for url in telling if not url.startswith(("tel:", "mailto:"))} == set()


def walk(client: Client, start: list[str]) -> set[str]:
    """Every address that is met, from page to page."""
    waiting, met = list(start), set(start)
    pages = 0
    while waiting and pages < MOST_PAGES:
        url = waiting.pop(0).partition("#")[0]
        if not url.startswith("/") or url.startswith("/static/"):
            continue
        answer = client.get(url)
        pages += 1
        again = [answer["Location"]] if "Location" in answer else []
        if not answer.streaming and answer["Content-Type"].startswith("text/html"):
            again += _ADDRESS.findall(answer.content.decode())
        waiting += [each for each in dict.fromkeys(again) if each not in met]
        met |= set(again)
    return met
