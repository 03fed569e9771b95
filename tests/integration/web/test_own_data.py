"""A person takes out what is kept about them: all of it, of nobody else, and nothing that turns on
them where somebody reads over their shoulder."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest

from wayhome.bulletins.models import Issue
from wayhome.letters.models import Letter
from wayhome.links import TripsLink
from wayhome.musters.models import RollChange, RollEntry
from wayhome.musters.services import open_muster
from wayhome.officers.access import access_for
from wayhome.officers.models import Look, Officer
from wayhome.officers.services import clear
from wayhome.places.reading import read
from wayhome.replies.services import reply_by_trips
from wayhome.travellers import contact_policy, own_details, private, vouching
from wayhome.travellers.models import ContactPoint, Reach, Registration
from wayhome.travellers.queries import names
from wayhome.travellers.services import add_reach, repoint
from wayhome.trips import freshness_asks
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid
from wayhome.trips.exporting import as_csv, as_json, own_data
from wayhome.trips.models import Stay
from wayhome.trips.services import change_stay, enrol, watch
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def cleared(officer: Officer) -> Officer:
    clear(officer, "cases")
    return officer


@pytest.fixture
def lived(family: list[Registration], issue: Issue, author: Officer) -> Registration:
    """The adult of the family, warned, on a roll, answering, looked at, with changes."""
    adult = family[0]
    stay = own_data(adult)["stays"][0]
    assert stay["in_force"]
    change_stay(
        Stay.objects.get(trip__registration=adult).pk, depart=clock.today() + timedelta(days=20)
    )
    watch(adult, "FR")
    reach = Reach.objects.get(registration=adult, contact_point__kind="phone")
    contact_policy.stop(reach.pk, contact_policy.By(registration_id=adult.pk))
    open_muster(author, name="Tigris", region=read("Nineveh, Iraq"), starts_at=clock.now())
    run_until_idle()
    link = TripsLink(adult.pk, adult.link_epoch)
    reply_by_trips(
        link,
        "needs help",
        [adult.traveller_id],
        words="Behind the mill",
        press="a1",
        device="Nokia",
    )
    run_until_idle()
    names(access_for(author, "muster of Mosul"), "test", [adult.traveller_id])
    Look.objects.update(hour=clock.now() - timedelta(hours=30))
    return adult


def test_all_that_is_kept_goes_out(lived: Registration, issue: Issue) -> None:
    data = json.loads(as_json(own_data(lived)))
    assert [(p["name"], p["in_your_care"]) for p in data["people"]] == [
        ("Amina Haddad", False),
        ("Bo Haddad", True),
    ]
    assert [(s["version"], s["in_force"]) for s in data["stays"]] == [
        (1, False),
        (2, True),
        (1, True),
    ]
    assert {a["address"] for a in data["addresses"]} == {"amina@example.org", "+9647901234567"}
    assert [step["did"] for step in data["changes of terms"]] == ["stopped"]
    assert [w["area"] for w in data["watches"]] == ["FR"]
    sent = {(m["to"], m["state"], m["headline"]) for m in data["messages"]}
    assert ("amina@example.org", "sent", "Leave Mosul") in sent
    (answer,) = data["answers"]
    assert (answer["answer"], answer["words"]) == ("needs help", "Behind the mill")
    assert [r["state"] for r in data["roll calls"]].count("needs help") == 1
    assert [look["purpose"] for look in data["looks"]] == ["muster of Mosul"]
    assert data["about"]["rows"] == {
        name: len(rows) for name, rows in data.items() if name != "about"
    }


def test_what_stands_beside_names_and_trips_goes_out_too(
    family: list[Registration], author: Officer
) -> None:
    adult, child = family
    private.set_words(adult, "medical", "insulin twice a day")
    private.set_words(adult, "case note", "her brother is missed", cleared(author))
    own_details.correct_name(adult, child.pk, "Bo Karim Haddad")
    vouching.document_seen(author, adult.pk, "Iraqi passport", "an old friend of mine")
    stay = Stay.objects.get(trip__registration=adult)
    freshness_asks.confirm(adult, [stay.pk])
    data = own_data(adult)
    assert [fact["words"] for fact in data["private facts"]] == ["insulin twice a day"]
    assert [fact["name"] for fact in data["former names"]] == ["Bo Haddad"]
    assert [(fact["now"], fact["document"]) for fact in data["how sure"]] == [
        ("document seen", "Iraqi passport")
    ]
    assert [(fact["stay"], fact["answer"]) for fact in data["confirmations"]] == [(1, "holds")]
    text = as_json(data)
    for hidden in ("brother", "old friend"):
        assert hidden not in text
    assert own_data(child)["private facts"] == []


def test_what_turns_on_a_person_stays_in(lived: Registration, author: Officer) -> None:
    mail = Reach.objects.get(registration=lived, contact_point__kind="mail")
    contact_policy.mark_hostile(author, mail.pk, "the guards read it")
    entry = RollEntry.objects.get(traveller=lived.traveller_id)
    RollChange.objects.create(
        entry=entry, was=entry.state, state="detained", why="officer", at=clock.now()
    )
    Look.objects.create(
        officer_id=author.pk,
        traveller_id=lived.traveller_id,
        view="case",
        hour=clock.now() - timedelta(hours=40),
        purpose="cases: detained",
    )
    Letter.objects.create(
        kind="code",
        contact_point_id=mail.contact_point_id,
        registration_id=lived.pk,
        language="en",
        subject="Your code",
        text="493 201",
        made_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=1),
        once="x",
    )
    text = as_json(own_data(lived))
    for hidden in ("hostile", "guards", "detained", "493 201", "Tigris"):
        assert hidden not in text
    assert "Your code" in text


def test_nothing_of_others_goes_out(db: None) -> None:
    """Two adults on one trip: each has their own, and the child is in one's care alone."""
    ann, bo, kim = enrol(
        EnrolmentSaid(
            (
                PersonSaid("Ann Ash", mail="ann-own@example.org"),
                PersonSaid("Bo Birch", mail="bo@example.org"),
                PersonSaid("Kim Ash", minor=True),
            ),
            (StaySaid("Mosul", clock.today()),),
            mail="ann@example.org",
            emergency_phone="+33612345678",
            verified_at=clock.now(),
        )
    )
    of_ann, of_bo = as_json(own_data(ann)), as_json(own_data(bo))
    for own in ("Ann Ash", "Kim Ash", "ann@example.org", "ann-own@example.org", "+33612345678"):
        assert own in of_ann
        assert own not in of_bo
    for own in ("Bo Birch", "bo@example.org"):
        assert own in of_bo
        assert own not in of_ann
    assert kim.traveller.guardian == ann.traveller


def test_a_joined_record_opens_by_proof_alone(
    lived: Registration, author: Officer, issue: Issue
) -> None:
    """Anybody may have enrolled her by name; an officer joined the two."""
    stranger = enrol(
        EnrolmentSaid(
            (PersonSaid("Amina"),), (StaySaid("Paris", clock.today()),), mail="s@example.org"
        )
    )[0]
    repoint(stranger, lived.traveller, why="the same passport", by_officer=author.pk)
    run_until_idle()
    stranger.refresh_from_db()
    data = own_data(stranger)
    text = as_json(data)
    for secret in ("Haddad", "Mosul", "amina@example.org", "mill", "muster of Mosul"):
        assert secret not in text
    assert [person["name"] for person in data["people"]] == ["Amina"]
    assert not data["about"]["whole_record"]
    assert "Paris" not in as_json(own_data(lived))
    Reach.objects.filter(registration=stranger).update(verified_at=clock.now())
    assert "Behind the mill" not in as_json(own_data(stranger)), "strangers read their own mail"
    point = ContactPoint.objects.get(address="s@example.org")
    add_reach(lived, point, verified_at=clock.now())
    assert "Behind the mill" in as_json(own_data(stranger))
    assert "Paris" in as_json(own_data(lived))


def test_no_spreadsheet_runs_a_cell(db: None) -> None:
    name = '=HYPERLINK("http://evil.example","x")'
    (registration,) = enrol(
        EnrolmentSaid(
            (PersonSaid(name),), (StaySaid("Mosul", clock.today()),), phone="+9647901234567"
        )
    )
    data = own_data(registration)
    with zipfile.ZipFile(io.BytesIO(as_csv(data))) as archive:
        assert {each.removesuffix(".csv").replace("-", " ") for each in archive.namelist()} == set(
            data
        )
        for each in archive.namelist():
            rows = list(csv.reader(io.StringIO(archive.read(each).decode("utf-8-sig"))))
            cells = [cell for row in rows for cell in row]
            assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
        people = archive.read("people.csv").decode("utf-8-sig")
    assert "'=HYPERLINK" in people
