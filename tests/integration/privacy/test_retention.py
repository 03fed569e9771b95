"""Time passes: what is not needed any more is deleted by rule, on its day, and counted."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.support import traces
from tests.support.factories import (
    Staff,
    days,
    enrol,
    enrol_one,
    make_staff,
    publish,
    region,
    register,
    stay,
    work,
)
from tests.support.history import broken
from wayhome.delivery import host_files
from wayhome.delivery.bounces import doors
from wayhome.delivery.canaries import canary_points
from wayhome.delivery.models import Attempt, Delivery
from wayhome.links import TripsLink
from wayhome.musters import services as musters
from wayhome.officers.access import access_for
from wayhome.officers.models import Look
from wayhome.replies import services as replies
from wayhome.replies.models import Reply, ReplyPrivate
from wayhome.travellers import erasure, queries, retention
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Registration, Traveller
from wayhome.trips import services as trips
from wayhome.trips.enrolment import LegSaid, PersonSaid
from wayhome.trips.models import Leg, Stay, StayMatch, Watch
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def data(outbox: Path) -> Path:
    return outbox.parent


def after(n: int) -> AbstractContextManager[object]:
    """So many days from now."""
    return time_machine.travel(clock.now() + timedelta(days=n), tick=False)


def left() -> list[str]:
    return sorted(Traveller.objects.filter(erased_at=None).values_list("name", flat=True))


def test_a_stay_goes_on_its_day_and_not_before(settings: Any) -> None:
    enrol_one("Ann", stays=[stay(arrive=-3, depart=10), stay("Paris", arrive=11, depart=300)])
    with after(10 + settings.WAYHOME_RETAIN_STAY_DAYS):
        retention.run()
        assert Stay.objects.count() == 2
    with after(11 + settings.WAYHOME_RETAIN_STAY_DAYS):
        assert retention.run(dry=True)["stays"] == 1
        assert Stay.objects.count() == 2, "a dry run deletes nothing"
        assert retention.run()["stays"] == 1
        assert [each.words.split(",")[0] for each in Stay.objects.all()] == ["Paris"]
        assert StayMatch.objects.values("stay_id").distinct().count() == 1
        assert traces.in_tables(["mosul"]) == [], "nor in the values as they came"
        assert left() == ["Ann"]
        assert retention.deleted()[0] == (clock.today(), "stays", 1)
        assert retention.run()["stays"] == 0


def test_with_the_last_stay_the_person_goes_by_the_same_path(settings: Any) -> None:
    enrol_one("Zebulon", stays=[stay(arrive=-3, depart=10)])
    enrol_one("Ben", stays=[stay(arrive=-3, depart=None)])
    with after(12 + settings.WAYHOME_RETAIN_STAY_DAYS):
        counts = retention.run()
        assert (counts["stays"], counts["people"]) == (1, 1)
        assert traces.in_tables(["zebulon"]) == []
        assert left() == ["Ben"]
        asked = erasure.Ask.objects.get()
        assert (asked.said_by, asked.done_at is not None) == ("rule", True)


def test_an_enrolment_with_nothing_left_is_kept_for_some_days(settings: Any) -> None:
    """Partial answers are kept: somebody who has no stay yet may come back."""
    register("Ann")
    with after(settings.WAYHOME_RETAIN_PERSON_DAYS - 1):
        assert retention.run()["people"] == 0
    with after(settings.WAYHOME_RETAIN_PERSON_DAYS + 1):
        assert retention.run()["people"] == 1
        assert left() == []


def test_a_guardian_stays_while_the_child_has_a_stay(settings: Any) -> None:
    enrolled = enrol("Ann Ash", PersonSaid("Kit Ash", minor=True))
    ann, kit = enrolled
    line = Stay.objects.get(trip__registration=kit)
    trips.change_stay(line.pk, depart=days(400))
    with after(30 + settings.WAYHOME_RETAIN_STAY_DAYS):
        retention.run()
        assert not Stay.objects.filter(trip__registration=ann).exists()
        assert left() == ["Ann Ash", "Kit Ash"]
    with after(410 + settings.WAYHOME_RETAIN_STAY_DAYS):
        retention.run()
        assert left() == []


def test_a_stay_without_end_that_nobody_said_again_is_over(settings: Any) -> None:
    enrol_one("Ann", stays=[stay(depart=None)], watches=("FR",))
    with after(settings.WAYHOME_RETAIN_OPEN_DAYS - 1):
        retention.run()
        assert left() == ["Ann"]
        line = Stay.objects.get(is_current=True)
        trips.change_stay(line.pk, depart=clock.today() + timedelta(days=900))
    with after(settings.WAYHOME_RETAIN_OPEN_DAYS + 1):
        retention.run()
        assert not Watch.objects.exists()
        assert left() == ["Ann"], "it was said again"


def test_earlier_versions_journeys_and_ended_watches_go(settings: Any) -> None:
    leg = LegSaid(
        "air", "Paris", clock.now() + timedelta(days=1), "Erbil", clock.now() + timedelta(days=2)
    )
    person = enrol_one("Ann", stays=[stay(depart=900)], legs=(leg,), watches=("FR",))
    registration = Registration.objects.get(traveller=person)
    trips.end_watches(registration, ["FR"])
    trips.change_stay(Stay.objects.get().pk, said=stay("Paris", -3, 900))
    with after(4 + settings.WAYHOME_RETAIN_STAY_DAYS):
        counts = retention.run()
        assert (counts["earlier versions"], counts["journeys"], counts["watches"]) == (1, 1, 1)
        assert not Leg.objects.exists()
        assert traces.in_tables(["mosul", "erbil"]) == []
        assert left() == ["Ann"]


def test_nobody_whom_a_muster_covers_or_who_called_for_help(staff: Staff) -> None:
    caller = enrol_one("Ann", stays=[stay(depart=2)])
    enrol_one("Ben", stays=[stay(depart=2)])
    made = Registration.objects.get(traveller=caller)
    replies.reply_by_trips(TripsLink(made.pk, 1), "needs help", [caller.pk], words="in the well")
    work()
    muster = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    with after(900):
        retention.run()
        assert left() == ["Ann", "Ben"]
        assert Stay.objects.count() == 2
        assert ReplyPrivate.objects.count() == 1
        musters.close_muster(staff.signer, muster.pk)
        work()
        retention.run()
        assert left() == ["Ann"], "her call is not answered"


def test_words_go_and_the_answers_stay(staff: Staff, settings: Any) -> None:
    person = enrol_one("Ann", mail="ann@ann-alone.example", stays=[stay(depart=900)])
    publish(staff)
    work()
    made = Registration.objects.get(traveller=person)
    replies.reply_by_trips(
        TripsLink(made.pk, 1), "safe", [person.pk], words="under the stairs", device="Nokia 3310"
    )
    work()
    Attempt.objects.update(detail="250 ok <ann@ann-alone.example>")
    access = access_for(staff.author, "ask after Ann's sister")
    queries.names(access, "roll", [person.pk])
    with after(settings.WAYHOME_RETAIN_WORDS_DAYS + 1):
        counts = retention.run()
        assert counts["reply words"] == 1
        assert counts["delivery words"] == 1
        assert Reply.objects.get().answer == "safe"
        assert not ReplyPrivate.objects.exists()
        assert traces.in_tables(["nokia", "250 ok"]) == []
        assert Delivery.objects.count() == 1
        assert broken() == {}
        assert retention.run()["delivery words"] == 0
        assert Look.objects.exists()
    with after(settings.WAYHOME_RETAIN_LOOK_DAYS + 1):
        retention.run()
        assert not Look.objects.exists()


def test_an_address_that_serves_nobody_goes_and_the_offices_own_do_not(settings: Any) -> None:
    settings.WAYHOME_CANARIES = ["canary@ministry.example"]
    travellers.contact_point("mail", "typed@once.example")
    canaries = canary_points()
    enrol_one("Ann", stays=[stay(depart=900)])
    with after(settings.WAYHOME_RETAIN_PERSON_DAYS + 1):
        assert retention.run()["unused addresses"] == 1
        assert traces.in_tables(["once.example"]) == []
        assert set(
            ContactPoint.objects.filter(erased_at=None).values_list("address", flat=True)
        ) == {
            "ann@example.org",
            *(["canary@ministry.example"] if canaries else []),
        }


def test_a_rule_with_no_days_deletes_nothing(settings: Any) -> None:
    enrol_one("Ann", stays=[stay(depart=2)])
    for name in ("STAY", "PERSON", "WORDS", "LOOK", "MAIL", "OPEN"):
        setattr(settings, f"WAYHOME_RETAIN_{name}_DAYS", 0)
    with after(5000):
        assert set(retention.run().values()) == {0}
        assert left() == ["Ann"]


def test_many_go_in_chunks_and_every_one_is_counted(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    for module in ("wayhome.trips.erasing", "wayhome.travellers.retaining"):
        monkeypatch.setattr(f"{module}.CHUNK", 2)
    monkeypatch.setattr(retention, "CHUNK", 2)
    for name in "abcdefg":
        enrol_one(f"P{name}", stays=[stay(depart=2)])
    with after(3 + settings.WAYHOME_RETAIN_STAY_DAYS):
        counts = retention.run()
        assert (counts["stays"], counts["people"]) == (7, 7)
        assert left() == []
        assert {rule: n for _, rule, n in retention.deleted()}["people"] == 7


def test_whom_to_tell_beforehand(settings: Any) -> None:
    soon = enrol_one("Ann", stays=[stay(depart=10)])
    enrol_one("Ben", stays=[stay(depart=400)])
    enrol_one("Cal", stays=[stay(depart=None)])
    enrol_one("Dan", stays=[stay(depart=10)], watches=("FR",))
    registration = Registration.objects.get(traveller=soon)
    with after(settings.WAYHOME_RETAIN_STAY_DAYS):
        assert retention.due_soon(timedelta(days=14)) == [
            (registration.pk, days(10) - timedelta(days=settings.WAYHOME_RETAIN_STAY_DAYS))
        ]
        assert retention.due_soon(timedelta(days=5)) == []
        assert retention.due_soon(timedelta(days=14), after=registration.pk) == []


def test_files_of_mail_go_after_their_days_on_this_host(
    data: Path, settings: Any, tmp_path: Path
) -> None:
    staff = make_staff()
    maildir = tmp_path / "maildir"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    settings.WAYHOME_BOUNCE_MAILDIR = str(maildir)
    (maildir / "cur" / "1:2,S").write_text("taken")
    enrol_one("Ann")
    publish(staff)
    work()
    (maildir / "new" / "2").write_text("not yet taken")
    doors.keep(b"From: x\n\nhello")
    assert host_files.delete_old() == 0
    old = time.time() - (settings.WAYHOME_RETAIN_MAIL_DAYS * 24 + 1) * 3600
    for path in data.rglob("*"):
        if path.is_file() and path.suffix not in (".sqlite3", ".keys"):
            os.utime(path, (old, old))
    assert host_files.delete_old() == 3
    assert (maildir / "new" / "2").exists(), "what nobody has taken is not lost"
    assert not list((data / "outbox").rglob("*.eml"))


def test_another_host_deletes_its_own_files_of_somebody_who_was_erased(
    data: Path, settings: Any, tmp_path_factory: pytest.TempPathFactory, staff: Staff
) -> None:
    person = enrol_one("Ann")
    enrol_one("Ben")
    publish(staff)
    work()
    elsewhere = tmp_path_factory.mktemp("other-host")
    for path in (data / "outbox").rglob("*.eml"):
        copy = elsewhere / "outbox" / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert traces.in_files(elsewhere, ["ann@"])
    erasure.ask(Registration.objects.get(traveller=person), erasure.Ask.SaidBy.SELF)
    work()
    settings.WAYHOME_DATA_DIR = elsewhere
    assert host_files.sweep() == 1
    assert traces.in_files(elsewhere, ["ann@"]) == []
    assert traces.in_files(elsewhere, ["ben@"])
    assert host_files.sweep() == 0
    assert (elsewhere / "tombstones.jsonl").read_text().count("\n") == 1
