"""Auditors read who looked at how many people, page by page; nobody looked at is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from django.test import Client

from tests.support.factories import Staff, enrol_one, make_officer
from wayhome.officers import queries
from wayhome.officers.access import Access
from wayhome.officers.models import AuditRow, Look, Officer
from wayhome.officers.roles import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def look(officer: Officer, day: int, purpose: str, *travellers: int, hour: int = 12) -> None:
    Look.objects.bulk_create(
        Look(
            officer_id=officer.pk, traveller_id=each, view=purpose, purpose=purpose,
            hour=NOON.replace(day=day, hour=hour),
        )
        for each in travellers
    )  # fmt: skip


@pytest.fixture
def auditor(staff: Staff) -> Client:
    client = Client()
    client.force_login(make_officer("aud", Role.AUDITOR))
    return client


def test_lines_are_of_officer_day_and_purpose(staff: Staff) -> None:
    look(staff.author, 9, "muster of Mosul", 1, 2, 3)
    look(staff.author, 9, "muster of Mosul", 1, hour=13)
    look(staff.author, 9, "cases: muster of Mosul", 1)
    look(staff.viewer, 10, "addresses", 4, hour=0)
    look(staff.viewer, 9, "addresses", 4, hour=23)
    lines = [
        (line.day.day, line.officer, line.purpose, line.people, line.looks)
        for line in queries.looks()
    ]
    assert lines == [
        (10, "Viewer", "addresses", 1, 1),
        (9, "Author", "cases: muster of Mosul", 1, 1),
        (9, "Author", "muster of Mosul", 3, 4),
        (9, "Viewer", "addresses", 1, 1),
    ]
    assert [line.day.day for line in queries.looks(until=NOON.replace(day=9).date())] == [9, 9, 9]
    assert {line.officer for line in queries.looks(officer_id=staff.viewer.pk)} == {"Viewer"}
    assert len(queries.looks(purpose="MUSTER of")) == 2


@pytest.mark.parametrize("on_a_page", [1, 2, 3, 7])
def test_pages_follow_each_other_and_lose_nothing(
    staff: Staff, auditor: Client, monkeypatch: pytest.MonkeyPatch, on_a_page: int
) -> None:
    monkeypatch.setattr("wayhome.web.desk.views_audit.ON_A_PAGE", on_a_page)
    for day in (3, 4, 9):
        for officer in (staff.author, staff.viewer):
            for purpose in ("a/b & c", "d", " e"):
                look(officer, day, purpose, day)
    seen: list[str] = []
    query = "?purpose=&officer="
    for _ in range(20):
        page = auditor.get(f"/desk/looks/{query}").content.decode()
        seen += re.findall(r"<tr><td>.*?</tr>", page)
        if "Next page" not in page:
            break
        query = page.split('class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 18
    assert unquote(query)


def test_nonsense_in_the_address_is_no_fault(auditor: Client) -> None:
    odd = ["?after=x", "?after=2026-03-10/x/y", "?after=%00", "?officer=-1", "?until=9999-99"]
    odd += [f"?officer={'9' * 20}", "?until=0001-01-01", "?purpose=%00%25"]
    for query in odd:
        assert auditor.get(f"/desk/looks/{query}").status_code == 200
    for query in ("?before=x", "?officer=x", "?deed=%00", "?before=0"):
        assert auditor.get(f"/desk/audit/{query}").status_code == 200


def test_the_trail_is_read_backwards_page_by_page(
    staff: Staff, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wayhome.web.desk.views_audit.ON_A_PAGE", 2)
    AuditRow.objects.bulk_create(
        AuditRow(at=NOON, officer_id=staff.author.pk, deed="published", kind="issue", number=n)
        for n in range(1, 6)
    )
    query = f"?officer={staff.author.pk}&deed=published"
    numbers: list[str] = []
    for _ in range(5):
        page = auditor.get(f"/desk/audit/{query}").content.decode()
        numbers += re.findall(r"<td>issue (\d+)</td>", page)
        if "Next page" not in page:
            break
        query = page.split('class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
    assert numbers == ["5", "4", "3", "2", "1"]


def test_an_auditor_meets_nobody_s_name(staff: Staff, auditor: Client) -> None:
    ann = enrol_one("Ann Ash")
    Access(staff.author.pk, frozenset(), "muster of Mosul").record("roll", [ann.pk])
    for path in ("/desk/looks/", "/desk/audit/", "/desk/musters/", "/desk/"):
        assert "Ann Ash" not in auditor.get(path).content.decode()
    assert "muster of Mosul" in auditor.get("/desk/looks/").content.decode()


def test_a_page_of_looks_costs_the_same_for_ten_days_and_one(
    staff: Staff, auditor: Client, django_assert_max_num_queries: object
) -> None:
    for n in range(200):
        look(staff.author, 9, f"purpose {n:03}", n)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        auditor.get("/desk/looks/")
