"""A roll in a file: for a purpose, marked, counted, without surprises in any cell."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.support.factories import Staff, enrol_one, make_officer, region, work
from wayhome.musters import exporting
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.officers.access import Refused, access_for
from wayhome.officers.marking import Mark, csv_lines, neutral
from wayhome.officers.models import AuditRow, Look, Officer
from wayhome.officers.queries import looks
from wayhome.officers.roles import Role
from wayhome.travellers.models import Traveller
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PURPOSE = "seats for the convoy on Friday"


@pytest.fixture
def muster(staff: Staff) -> Muster:
    for name in ("Ann Ash", "Bob Birch", "Cy Cedar"):
        enrol_one(name)
    opened = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(days=1)
    )
    work()
    return opened


@pytest.fixture
def lead(staff: Staff) -> Officer:
    return make_officer("lena", Role.MUSTER_LEAD)


@pytest.fixture
def desk(lead: Officer) -> Client:
    client = Client()
    client.force_login(lead)
    return client


def take(client: Client, muster: Muster, **sent: str) -> tuple[list[list[str]], str]:
    """The rows of the file, and its name."""
    answer = client.post(f"/desk/musters/{muster.pk}/roll/export/", {"purpose": PURPOSE} | sent)
    assert isinstance(answer, StreamingHttpResponse), answer.content
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text))), answer["Content-Disposition"]


def test_the_page_says_what_will_be_in_it(desk: Client, muster: Muster) -> None:
    page = desk.get(f"/desk/musters/{muster.pk}/roll/export/?state=silent").content.decode()
    assert "<strong>3</strong> people: silent" in page
    for column in exporting.COLUMNS:
        assert column in page
    assert not Look.objects.exists()
    roll = desk.get(f"/desk/musters/{muster.pk}/roll/?state=silent").content.decode()
    assert "Take these out in a file" in roll


def test_the_file_is_marked_counted_and_recorded(
    desk: Client, muster: Muster, lead: Officer
) -> None:
    rows, name = take(desk, muster, state="silent")
    head, body, last = rows[:5], rows[5:-1], rows[-1]
    row = AuditRow.objects.get(deed="exported")
    day = clock.now()
    due = f"{(day + timedelta(days=7)).date()}"
    assert head[0] == [f"# Wayhome export {row.pk}: roll of muster {muster.pk}, silent"]
    assert head[1][0].startswith(f"# Taken by Lena on {day:%Y-%m-%d} at ")
    assert head[2] == [f"# Purpose: {PURPOSE}"]
    assert head[3][0].startswith("# Rows: 3,")
    assert due in head[4][0]
    assert body[0] == list(exporting.COLUMNS)
    assert [line[1] for line in body[1:]] == ["Ann Ash", "Bob Birch", "Cy Cedar"]
    assert all(len(line) == len(exporting.COLUMNS) for line in body)
    assert last == [f"# End of export {row.pk}: 3 rows"]
    for part in (f"export-{row.pk}-", f"by-officer-{lead.pk}", "3-rows", f"delete-by-{due}"):
        assert part in name
    assert (row.officer_id, row.kind, row.number) == (lead.pk, "muster", muster.pk)
    assert row.why == f"3 rows, silent: {PURPOSE}"
    seen = Look.objects.filter(view=f"export {row.pk}")
    assert {look.traveller_id for look in seen} == set(
        Traveller.objects.values_list("pk", flat=True)
    )
    assert {look.purpose for look in seen} == {f"export of the roll of Mosul: {PURPOSE}"}
    (line,) = looks(purpose="convoy")
    assert (line.officer, line.people, line.looks) == ("Lena", 3, 3)


def test_no_purpose_no_file(desk: Client, muster: Muster) -> None:
    for purpose in ("", "   ", "x", "y" * 121):
        answer = desk.post(f"/desk/musters/{muster.pk}/roll/export/", {"purpose": purpose})
        assert answer.status_code == 422
    assert not AuditRow.objects.filter(deed="exported").exists()
    assert not Look.objects.exists()


def test_cases_are_in_no_file_but_that_of_who_is_cleared(
    desk: Client, muster: Muster, staff: Staff
) -> None:
    entry = RollEntry.objects.get(traveller__name="Bob Birch")
    musters.decide(staff.case_officer, entry.pk, "detained", reason="The police said so")
    rows, _ = take(desk, muster)
    assert "Bob Birch" not in {cell for line in rows for cell in line}
    assert "# Rows: 2, and" in rows[3][0]
    path = f"/desk/musters/{muster.pk}/roll/export/"
    assert desk.get(f"{path}?state=detained").status_code == 404
    assert desk.post(path, {"state": "detained", "purpose": PURPOSE}).status_code == 404

    from wayhome.officers.services import clear

    clear(Officer.objects.get(email__startswith="lena"), "cases")
    rows, _ = take(desk, muster, state="detained")
    assert [line[1] for line in rows[6:-1]] == ["Bob Birch"]
    purpose = Look.objects.get(traveller_id=entry.traveller_id, view__startswith="export ").purpose
    assert purpose.startswith("cases: ")
    rows, _ = take(desk, muster)  # all together: still without cases
    assert "# Rows: 2, and" in rows[3][0]


def test_who_may_not_take_anything_out(staff: Staff, muster: Muster) -> None:
    for officer in (staff.author, staff.viewer, staff.administrator):
        client = Client()
        client.force_login(officer)
        assert client.get(f"/desk/musters/{muster.pk}/roll/export/").status_code == 403
    access = access_for(staff.author, "x")
    with pytest.raises(Refused):
        exporting.export_roll(
            staff.author, access, muster.pk, state="silent", area="", purpose=PURPOSE
        )
    assert not AuditRow.objects.filter(deed="exported").exists()


def test_it_is_asked_whether_it_is_they(desk: Client, muster: Muster) -> None:
    session = desk.session
    session["proved_at"] -= 3600
    session.save()
    answer = desk.post(f"/desk/musters/{muster.pk}/roll/export/", {"purpose": PURPOSE})
    assert answer.status_code == 401
    assert PURPOSE not in answer.content.decode()  # sealed: it is another's who sits there now
    assert not AuditRow.objects.filter(deed="exported").exists()


def test_too_many_rows_are_refused(
    desk: Client, muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_ROWS", 2)
    answer = desk.post(f"/desk/musters/{muster.pk}/roll/export/", {"purpose": PURPOSE})
    assert answer.status_code == 422
    assert "more than 2 people" in answer.content.decode()


def test_a_look_comes_before_the_row_that_it_is_of(
    lead: Officer, muster: Muster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever breaks off the download has not read what was not recorded."""
    monkeypatch.setattr(exporting, "_LOOKS_AT_ONCE", 1)
    monkeypatch.setattr("wayhome.officers.marking._LINES_AT_ONCE", 1)
    access = access_for(lead, PURPOSE)
    made = exporting.export_roll(lead, access, muster.pk, state="silent", area="", purpose=PURPOSE)
    assert not Look.objects.exists()
    assert "Ann Ash" not in next(made.pieces)
    assert "Ann Ash" in next(made.pieces)
    assert Look.objects.count() == 1


def test_a_name_that_is_a_formula_is_a_name(desk: Client, staff: Staff) -> None:
    for name in ('=HYPERLINK("http://evil.example","Ann")', "+49 Ann", "-1 Bob", "@SUM(A1)"):
        enrol_one(name, mail=f"x{len(name)}@example.org")
    muster = musters.open_muster(
        staff.author, name="M", region=region(), starts_at=clock.now() - timedelta(days=1)
    )
    work()
    rows, _ = take(desk, muster, state="silent")
    names = [line[1] for line in rows[6:-1]]
    assert len(names) == 4
    assert all(name.startswith("'") for name in names)


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = neutral(text)
    assert cell in (text, f"'{text}")
    assert not cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"))


@given(st.lists(st.tuples(st.text(), st.text(), st.none() | st.integers()), max_size=5))
def test_every_cell_comes_out_as_it_went_in(rows: list[tuple[object, ...]]) -> None:
    mark = Mark(1, "a test", 2, "Lena", PURPOSE, clock.now(), len(rows))
    text = "".join(csv_lines(mark, ["a", "b", "c"], rows))
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[6:-1] == [[neutral(cell) for cell in row] for row in rows]
