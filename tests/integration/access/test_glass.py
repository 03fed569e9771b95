"""Break glass: open for an hour, told to all who must know, until another has asked about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.support.factories import Staff, enrol_one, make_officer, region, work
from wayhome.musters import queries as rolls
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.officers import glass
from wayhome.officers.access import Refused, access_for
from wayhome.officers.models import AuditRow, BrokenGlass, Compartment, Look, Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import change_role
from wayhome.problems import Problem
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WHY = "Their brother is at the gate and asks where they are"


@pytest.fixture
def detained(staff: Staff) -> RollEntry:
    """Ann is detained, which officers who are not cleared for cases do not see."""
    ann = enrol_one("Ann Ash")
    muster = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(days=1)
    )
    work()
    entry = RollEntry.objects.get(traveller=ann)
    musters.decide(staff.case_officer, entry.pk, "detained", reason="The police said so")
    assert Muster.objects.get() == muster
    return entry


def sees(officer: Officer, entry: RollEntry) -> bool:
    access = access_for(Officer.objects.get(pk=officer.pk), "cases: muster of Mosul")
    return rolls.line(access, entry.muster_id, entry.pk) is not None


def page_of(officer: Officer, path: str = "/desk/") -> str:
    client = Client()
    client.force_login(officer)
    return client.get(path).content.decode()


def test_it_opens_at_once_and_closes_by_itself(staff: Staff, detained: RollEntry) -> None:
    assert not sees(staff.author, detained)
    glass.break_glass(staff.author, "cases", WHY)
    assert sees(staff.author, detained)
    assert not sees(staff.publisher, detained)  # to them alone
    BrokenGlass.objects.update(until=clock.database_now() - timedelta(seconds=1))
    assert not sees(staff.author, detained)


def test_the_hour_is_the_database_s_and_ends(staff: Staff, detained: RollEntry) -> None:
    broken = glass.break_glass(staff.author, "cases", WHY)
    assert broken.until - broken.at == timedelta(hours=1)
    BrokenGlass.objects.update(at=broken.at - timedelta(minutes=59),
                               until=broken.until - timedelta(minutes=59))  # fmt: skip
    assert sees(staff.author, detained)
    BrokenGlass.objects.update(until=broken.until - timedelta(minutes=60))
    assert not sees(staff.author, detained)


def test_they_may_decide_on_a_case_while_it_is_open(staff: Staff, detained: RollEntry) -> None:
    with pytest.raises(Refused):
        musters.decide(staff.author, detained.pk, "safe", reason="He called")
    glass.break_glass(staff.author, "cases", WHY)
    musters.decide(staff.author, detained.pk, "in hospital", reason="He called")


def test_their_looks_are_recorded_and_withheld_as_a_case_s_are(
    staff: Staff, detained: RollEntry
) -> None:
    glass.break_glass(staff.author, "cases", WHY)
    client = Client()
    client.force_login(staff.author)
    path = f"/desk/musters/{detained.muster_id}/roll/{detained.pk}/"
    assert client.get(path).status_code == 200
    looks = Look.objects.filter(officer_id=staff.author.pk, traveller_id=detained.traveller_id)
    assert {look.purpose for look in looks} == {"cases: muster of Mosul"}


def test_those_who_must_know_are_told_on_every_page_until_it_is_acknowledged(staff: Staff) -> None:
    auditor, lead = make_officer("aud", Role.AUDITOR), make_officer("lead", Role.MUSTER_LEAD)
    broken = glass.break_glass(staff.author, "cases", WHY)
    told = [
        (auditor, "/desk/audit/"),
        (lead, "/desk/musters/"),
        (staff.administrator, "/desk/owed/"),
    ]
    for officer, path in told:
        page = page_of(officer, path)
        assert "Glass broken:" in page
        assert "Author" in page
    for officer in (staff.publisher, staff.viewer):
        assert "Glass broken:" not in page_of(officer)
    BrokenGlass.objects.update(until=clock.database_now() - timedelta(hours=2))
    assert "it is over" in page_of(auditor)
    assert WHY in page_of(auditor, "/desk/glass/").replace("&#x27;", "'")
    assert WHY not in page_of(staff.administrator, "/desk/glass/")

    client = Client()
    client.force_login(auditor)
    assert client.post(f"/desk/glass/{broken.pk}/acknowledge/").status_code == 302
    for officer, path in told:
        assert "Glass broken:" not in page_of(officer, path)
    assert "Aud" in page_of(lead, "/desk/glass/")
    assert client.post(f"/desk/glass/{broken.pk}/acknowledge/").status_code == 422
    assert client.post("/desk/glass/999/acknowledge/").status_code == 422


def test_acknowledged_while_it_is_open_it_still_stands(staff: Staff) -> None:
    auditor = make_officer("aud", Role.AUDITOR)
    broken = glass.break_glass(staff.author, "cases", WHY)
    glass.acknowledge(auditor, broken.pk)
    assert [each.number for each in glass.standing()] == [broken.pk]
    assert glass.settled() == []


def test_nobody_acknowledges_their_own(staff: Staff) -> None:
    broken = glass.break_glass(staff.author, "cases", WHY)
    change_role(staff.author, Role.AUDITOR, "changed desks", by=staff.administrator)
    with pytest.raises(Problem, match="your own"):
        glass.acknowledge(staff.author, broken.pk)
    assert "I have asked" not in page_of(staff.author, "/desk/glass/")
    with pytest.raises(Refused):
        glass.acknowledge(staff.administrator, broken.pk)


@pytest.mark.parametrize(
    ("compartment", "why", "words"),
    [
        ("cases", "short", "too short"),
        ("cases", "x " * 200, "at most 300"),
        ("nothing", WHY, "none that is closed"),
    ],
)
def test_what_is_refused(staff: Staff, compartment: str, why: str, words: str) -> None:
    client = Client()
    client.force_login(staff.author)
    answer = client.post("/desk/glass/break/", {"compartment": compartment, "why": why})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not BrokenGlass.objects.exists()


def test_it_is_pressed_once(staff: Staff) -> None:
    client = Client()
    client.force_login(staff.author)
    sent = {"compartment": "cases", "why": WHY}
    assert client.post("/desk/glass/break/", sent).status_code == 302
    assert "Open to you now" in client.get("/desk/glass/break/").content.decode()
    assert client.post("/desk/glass/break/", sent).status_code == 422
    assert BrokenGlass.objects.count() == 1
    row = AuditRow.objects.get(deed="broke glass")
    assert (row.officer_id, row.why) == (staff.author.pk, "cases")  # why stands in its own row


def test_an_open_compartment_has_no_glass(staff: Staff) -> None:
    Compartment.objects.update(closed=False)
    with pytest.raises(Problem, match="none that is closed"):
        glass.break_glass(staff.author, "cases", WHY)


def test_who_may_not(staff: Staff) -> None:
    for officer in (staff.viewer, staff.administrator, make_officer("aud", Role.AUDITOR)):
        with pytest.raises(Refused):
            glass.break_glass(officer, "cases", WHY)
