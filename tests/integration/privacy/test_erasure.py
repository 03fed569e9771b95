"""People ask to be forgotten: what goes, what stays for others, and what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import traces
from tests.support.factories import Staff, enrol, enrol_one, mails, publish, update, work
from tests.support.history import broken
from wayhome.delivery.models import Delivery
from wayhome.links import ReplyLink, TripsLink
from wayhome.officers.access import Refused
from wayhome.problems import Problem
from wayhome.replies import services as replies
from wayhome.travellers import erasers, erasure, key_store, tombstones
from wayhome.travellers import services as travellers
from wayhome.travellers.erasure import Ask
from wayhome.travellers.models import (
    ContactPoint,
    Party,
    Reach,
    Registration,
    Traveller,
)
from wayhome.travellers.queries import own_reaches
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.models import Stay, StayMatch
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SELF = Ask.SaidBy.SELF


@pytest.fixture(autouse=True)
def data(outbox: Path) -> Path:
    """Keys, tombstones and messages of each test are its own."""
    return outbox.parent


def registration_of(person: Traveller) -> Registration:
    return Registration.objects.get(traveller=person)


def forget(person: Traveller) -> Ask:
    """They ask on their own page, and a worker does what is owed."""
    asked = erasure.ask(registration_of(person), SELF)
    work()
    asked.refresh_from_db()
    return asked


def answer(person: Traveller, word: str, words: str = "") -> None:
    registration = registration_of(person)
    link = TripsLink(registration.pk, registration.link_epoch)
    replies.reply_by_trips(link, word, [person.pk], words=words)
    work()


def test_nothing_that_names_them_is_left(staff: Staff, data: Path) -> None:
    person = enrol_one("Zebulon Quill", mail="zebulon@quill-family.example", phone="+9647901234567")
    publish(staff)
    answer(person, "safe", "the green door of Farouk")
    asked = forget(person)
    assert asked.done_at is not None
    words = ("zebulon", "quill", "farouk", "7901234567")
    assert traces.in_tables(words) == []
    assert traces.in_files(data, words) == []
    assert not Stay.objects.exists()
    assert not StayMatch.objects.exists()
    assert key_store.of_traveller(person.pk) is None


def test_the_proof_of_what_was_sent_stays_whole_by_numbers(staff: Staff) -> None:
    person = enrol_one("Ann", mail="ann@ann-alone.example")
    ben = enrol_one("Ben")
    publish(staff)
    work()
    before = set(Delivery.objects.values_list("issue_id", "contact_point_id", "state"))
    forget(person)
    assert set(Delivery.objects.values_list("issue_id", "contact_point_id", "state")) == before
    assert broken() == {}
    forget(ben)
    assert broken() == {}


def test_their_links_open_nothing_any_more(staff: Staff) -> None:
    person = enrol_one("Ann")
    registration = registration_of(person)
    issue = publish(staff)
    work()
    point = ContactPoint.objects.get()
    forget(person)
    with pytest.raises(Problem, match="does not hold"):
        replies.open_trips_link(TripsLink(registration.pk, registration.link_epoch))
    reply = ReplyLink(issue.pk, point.pk, registration.pk, point.link_epoch)
    with pytest.raises(Problem, match="does not hold"):
        replies.open_reply_link(reply)


def test_nothing_is_sent_to_them_any_more(staff: Staff, outbox: Path) -> None:
    person = enrol_one("Ann")
    enrol_one("Ben")
    first = publish(staff)
    forget(person)
    assert set(mails(outbox, first)) == {"ben@example.org"}
    second = update(staff, first)
    work()
    assert set(mails(outbox, second)) == {"ben@example.org"}


def test_asking_twice_is_one_ask_and_may_be_taken_back() -> None:
    registration = registration_of(enrol_one("Ann"))
    asked = erasure.ask(registration, SELF)
    assert erasure.ask(registration, SELF) == asked == erasure.asked(registration)
    assert erasure.take_back(registration)
    work()
    assert Traveller.objects.get().name == "Ann"
    assert erasure.asked(registration) is None
    assert not erasure.take_back(registration)


def test_an_address_shared_by_two_parties_stays_for_the_other(staff: Staff, data: Path) -> None:
    """The embassy's post room is the address of two families; one of them asks to be forgotten."""
    ann = enrol_one("Ann Ash", mail="postroom@embassy.example")
    ben = enrol_one("Ben Birch", mail="postroom@embassy.example")
    issue = publish(staff)
    work()
    assert forget(ann).done_at is not None
    point = ContactPoint.objects.get()
    assert (point.address, point.erased_at) == ("postroom@embassy.example", None)
    assert traces.in_tables(["ash"]) == []
    assert traces.in_files(data, ["Ann Ash"]) == [], "the one file that names both"
    assert broken() == {}
    second = publish(staff)
    work()
    (mail,) = mails(data / "outbox", second).values()
    assert "Ben Birch" in str(mail.get_body(("plain",)))
    forget(ben)
    assert traces.in_tables(["postroom", "embassy.example"]) == []
    assert Delivery.objects.filter(issue_id=issue.pk).count() == 1
    assert broken() == {}


def test_a_guardian_takes_the_minors_along(data: Path) -> None:
    enrolled = enrol("Ann Ash", PersonSaid("Kit Ash", minor=True))
    ann, kit = (each.traveller for each in enrolled)
    assert forget(ann).done_at is not None
    assert [erasure.is_erased(each.pk) for each in (ann, kit)] == [True, True]
    assert traces.in_tables(["ash"]) == []
    assert not Party.objects.exists()


def test_a_child_of_a_party_may_be_forgotten_alone() -> None:
    enrolled = enrol("Ann Ash", PersonSaid("Kit Rowan", minor=True))
    erasure.ask(enrolled[1], Ask.SaidBy.GUARDIAN)
    work()
    assert traces.in_tables(["rowan"]) == []
    assert Traveller.objects.filter(name="Ann Ash").exists()


def test_an_adult_leaves_a_party_and_its_common_address_stays_for_the_rest(
    staff: Staff, data: Path
) -> None:
    enrolled = enrol("Ann Ash", "Ben Birch", mail="both@example.org")
    ann, ben = (each.traveller for each in enrolled)
    assert forget(ann).done_at is not None
    (kept,) = own_reaches([registration_of(ben)])
    assert kept.contact_point.address == "both@example.org"
    issue = publish(staff)
    work()
    (mail,) = mails(data / "outbox", issue).values()
    body = str(mail.get_body(("plain",)))
    assert "Ben Birch" in body
    assert "Ann Ash" not in body
    assert traces.in_tables(["ann ash"]) == []
    forget(ben)
    assert traces.in_tables(["both@"]) == []


def test_an_address_of_ones_own_in_a_party_goes_with_its_owner() -> None:
    enrolled = enrol(
        PersonSaid("Ann Ash", mail="ann@ash.example"), "Ben Birch", mail="both@example.org"
    )
    forget(enrolled[0].traveller)
    assert traces.in_tables(["ash"]) == []
    assert Reach.objects.get().contact_point.address == "both@example.org"


def test_the_link_of_a_joined_record_forgets_only_what_came_with_it(staff: Staff) -> None:
    """Somebody enrolled Ann by name, and an officer joined that record to hers: whoever holds its
    link cannot have the real Ann forgotten."""
    ann = enrol_one("Ann Ash")
    stranger = registration_of(enrol_one("Ann Oak", mail="x@else.example", verified_at=None))
    travellers.repoint(stranger, ann, why="Oak is her maiden name", by_officer=staff.author.pk)
    work()
    stranger.refresh_from_db()
    asked = erasure.ask(stranger, SELF)
    work()
    asked.refresh_from_db()
    assert (asked.whole, asked.done_at is not None) == (False, True)
    assert traces.in_tables(["oak", "else.example"]) == []
    ann.refresh_from_db()
    assert (ann.name, ann.erased_at) == ("Ann Ash", None)
    assert Stay.objects.filter(trip__registration__traveller=ann).count() == 1


def test_joined_records_of_one_person_all_go(staff: Staff) -> None:
    """Of whom both hold: the same address is proven for either."""
    ann = enrol_one("Ann Ash")
    other = registration_of(enrol_one("Ann Oak", mail="ann@example.org"))
    travellers.repoint(other, ann, why="Oak is her maiden name", by_officer=staff.author.pk)
    work()
    proven = Registration.objects.get(pk=min(r.pk for r in ann.registrations.all()))
    erasure.ask(proven, SELF)
    work()
    assert traces.in_tables(["oak", "ash"]) == []


def test_killed_in_any_room_it_is_finished_by_the_next_worker(
    staff: Staff, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [room for room, _ in erasers.erasers()]
    assert len(rooms) >= 6
    for number, room in enumerate(rooms):
        person = enrol_one(f"Zebulon{number} Quill", mail=f"z{number}@quill{number}.example")
        publish(staff)
        answer(person, "safe", "the green door")
        asked = erasure.ask(registration_of(person), SELF)
        real = erasers._erasers[room]
        for dies_after in (False, True):

            def dying(
                subject: erasers.Subject, real: Any = real, dies_after: bool = dies_after
            ) -> dict[str, int]:
                if dies_after:
                    real(subject)
                raise KeyboardInterrupt

            monkeypatch.setitem(erasers._erasers, room, dying)
            with pytest.raises(KeyboardInterrupt):
                erasure.carry_out(asked.pk)
        monkeypatch.setitem(erasers._erasers, room, real)
        asked.refresh_from_db()
        assert asked.begun_at is not None
        assert asked.done_at is None
        work()
        assert traces.in_tables(["zebulon", "quill", "green door"]) == [], room
        assert traces.in_files(data, ["zebulon", "quill", "green door"]) == [], room
        assert erasure.carry_out(asked.pk), "done is done"
    assert broken() == {}
    assert len(tombstones.read([tombstones.path()])) == len(rooms)


def test_officers_enter_what_was_asked_by_letter(staff: Staff) -> None:
    registration = registration_of(enrol_one("Ann"))
    with pytest.raises(Refused):
        erasure.ask_by(staff.viewer, registration.pk, "by letter")
    with pytest.raises(Problem, match="why"):
        erasure.ask_by(staff.signer, registration.pk, " ")
    with pytest.raises(Problem, match="unknown"):
        erasure.ask_by(staff.signer, 999_999, "by letter")
    asked = erasure.ask_by(staff.signer, registration.pk, "Ann's letter of 3 May")
    work()
    asked.refresh_from_db()
    assert (asked.said_by, asked.officer_id, asked.why) == ("officer", staff.signer.pk, "")
    assert erasure.is_erased(registration.traveller_id)


def test_said_by_nobody_is_refused() -> None:
    with pytest.raises(Problem, match="said_by"):
        erasure.ask(registration_of(enrol_one("Ann")), "Ann Ash")


def test_a_tombstone_names_nobody_and_is_written_once(data: Path) -> None:
    forget(enrol_one("Zebulon Quill"))
    (stone,) = tombstones.read([tombstones.path()])
    assert tombstones.append([stone]) == 0
    text = tombstones.path().read_text()
    assert "quill" not in text.lower()
    assert tombstones.path().stat().st_mode & 0o777 == 0o600
    assert text.count("\n") == 1


def test_an_unfinished_line_of_tombstones_spoils_no_other(data: Path) -> None:
    forget(enrol_one("Ann"))
    whole = tombstones.path().read_text()
    tombstones.path().write_text(whole + '{"ask": 9, "registr')
    assert len(tombstones.read([tombstones.path()])) == 1
    forget(enrol_one("Ben"))
    assert len(tombstones.read([tombstones.path()])) == 2
    tombstones.path().write_text("no tombstone\n" + whole)
    with pytest.raises(Problem, match="line 1"):
        tombstones.read([tombstones.path()])


def test_nothing_owed_about_them_is_left(staff: Staff) -> None:
    person = enrol_one("Ann")
    publish(staff)
    forget(person)
    assert not Owed.objects.filter(job__startswith="travellers.erase").exists()
