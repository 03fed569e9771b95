"""The contact policy: what people and officers may set, what is kept, and what waits."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from tests.support.factories import (
    Staff,
    enrol,
    enrol_one,
    mails,
    own,
    publish,
    reach_of,
    region,
    work,
    work_but_sending,
)
from wayhome.delivery.models import Delivery
from wayhome.links import TripsLink
from wayhome.musters import claims
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.officers.access import Refused
from wayhome.problems import Problem, Problems
from wayhome.replies.services import open_trips_link
from wayhome.travellers import contact_policy
from wayhome.travellers.contact_policy import PolicySaid
from wayhome.travellers.models import ContactPoint, Reach, ReachStep, Registration
from wayhome.travellers.zones import zone_names, zone_of_country
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def steps(reach: Reach) -> list[tuple[str, str]]:
    return list(reach.steps.order_by("pk").values_list("did", "what"))


def open_muster(staff: Staff) -> Muster:
    made = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    return made


class TestTerms:
    def test_they_are_set_and_their_history_is_kept(self) -> None:
        reach = reach_of(enrol_one("Ann"))
        said = PolicySaid(time(22), time(7), "Asia/Baghdad", "fr", neutral=True)
        contact_policy.set_policy(reach.pk, said, own(reach))
        contact_policy.set_policy(reach.pk, said, own(reach))  # the same again is no step
        reach.refresh_from_db()
        assert (reach.quiet_from, reach.quiet_until, reach.time_zone) == (
            time(22), time(7), "Asia/Baghdad",
        )  # fmt: skip
        assert (reach.language, reach.wording, reach.channels) == ("fr", "neutral", "")
        assert steps(reach) == [
            (
                "changed",
                "quiet hours: 22:00 to 07:00 Asia/Baghdad; language: fr; wording: neutral",
            )
        ]
        step = reach.steps.get()
        assert (step.said_by_id, step.officer_id) == (reach.registration_id, None)
        contact_policy.set_policy(reach.pk, PolicySaid(language="en"), own(reach))
        reach.refresh_from_db()
        assert (reach.quiet_from, reach.quiet_until, reach.time_zone) == (None, None, "UTC")
        assert (reach.language, reach.wording) == ("", "full")  # en is the address's own

    @pytest.mark.parametrize(
        ("said", "fields"),
        [
            (PolicySaid(quiet_from=time(22)), {"quiet_until", "time_zone"}),
            (PolicySaid(quiet_until=time(7)), {"quiet_from"}),
            (PolicySaid(time(7), time(7), "UTC"), {"quiet_until"}),
            (PolicySaid(time(22), time(7)), {"time_zone"}),
            (PolicySaid(time(22), time(7), "Mars/Olympus"), {"time_zone"}),
            (PolicySaid(time(7), time(7), "x", "xx"), {"quiet_until", "time_zone", "language"}),
            (PolicySaid(language="de"), {"language"}),
            (PolicySaid(channels=("sms",)), {"channels"}),
        ],
    )
    def test_every_fault_is_named_and_nothing_changed(
        self, said: PolicySaid, fields: set[str]
    ) -> None:
        reach = reach_of(enrol_one("Ann"))
        before = Reach.objects.values().get(pk=reach.pk)
        with pytest.raises(Problems) as error:
            contact_policy.set_policy(reach.pk, said, own(reach))
        assert {problem.field for problem in error.value.problems} == fields
        assert Reach.objects.values().get(pk=reach.pk) == before
        assert steps(reach) == []

    def test_channels_of_a_telephone(self, staff: Staff) -> None:
        reach = reach_of(enrol_one("Ann", mail="", phone="+9647901234567"))
        contact_policy.set_policy(reach.pk, PolicySaid(channels=("sms",)), own(reach))
        reach.refresh_from_db()
        assert reach.channels == ",sms,"
        issue = publish(staff)
        work_but_sending()
        assert Delivery.objects.get(issue_id=issue.pk).channel == "sms"

    def test_neutral_wording_shows_nothing_of_what_it_is_about(
        self, staff: Staff, outbox: Path
    ) -> None:
        reach = reach_of(enrol_one("Ann"))
        contact_policy.set_policy(reach.pk, PolicySaid(neutral=True), own(reach))
        issue = publish(staff)
        work()
        mail = mails(outbox, issue)["ann@example.org"]
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        assert all("Mosul" not in words for words in (str(mail["Subject"]), *parts))
        assert any("A message for you" in words for words in (str(mail["Subject"]), *parts))

    def test_an_ended_reach_has_no_terms(self) -> None:
        reach = reach_of(enrol_one("Ann"))
        Reach.objects.filter(pk=reach.pk).update(ended_at=clock.now())
        with pytest.raises(Problem, match="not used any more"):
            contact_policy.set_policy(reach.pk, PolicySaid(), own(reach))

    def test_zones(self) -> None:
        assert zone_names()[0] == "UTC"
        assert "Asia/Baghdad" in zone_names()
        assert zone_of_country("IQ") == "Asia/Baghdad"
        assert zone_of_country("US") == ""  # several: a guess would wake people
        assert zone_of_country("XX") == ""


class TestStop:
    def test_nothing_more_comes_and_then_it_does_again(self, staff: Staff, outbox: Path) -> None:
        reach = reach_of(enrol_one("Ann"))
        claims.stop_by(reach.registration, reach.pk)
        claims.stop_by(reach.registration, reach.pk)
        first = publish(staff)
        work()
        assert mails(outbox, first) == {}
        contact_policy.resume(reach.pk, own(reach))
        work()
        assert set(mails(outbox, first)) == {"ann@example.org"}  # what is in force, at once
        assert [did for did, _ in steps(reach)] == ["stopped", "resumed"]

    def test_while_a_muster_covers_them_it_is_kept_as_said_and_not_carried_out(
        self, staff: Staff, outbox: Path
    ) -> None:
        family = enrol("Ann", PersonSaid("Bo", minor=True))
        reach = Reach.objects.get()
        muster = open_muster(staff)
        # The child alone is on the roll still: that is enough.
        RollEntry.objects.filter(traveller=family[0].traveller).update(closed_at=clock.now())
        claims.stop_by(family[0], reach.pk)
        claims.stop_by(family[0], reach.pk)
        reach.refresh_from_db()
        assert reach.stopped_at is None
        assert reach.stop_asked_at is not None
        assert [did for did, _ in steps(reach)] == ["asked to stop"]
        issue = publish(staff)
        work()
        assert set(mails(outbox, issue)) == {"ann@example.org"}

        musters.close_muster(staff.signer, muster.pk)
        work()
        reach.refresh_from_db()
        assert reach.stopped_at is not None
        assert [did for did, _ in steps(reach)] == ["asked to stop", "stopped"]
        later = publish(staff)
        work()
        assert mails(outbox, later) == {}

    def test_another_muster_that_covers_them_keeps_it_waiting(self, staff: Staff) -> None:
        reach = reach_of(enrol_one("Ann"))
        first, second = open_muster(staff), open_muster(staff)
        claims.stop_by(reach.registration, reach.pk)
        musters.close_muster(staff.signer, first.pk)
        work()
        reach.refresh_from_db()
        assert reach.stopped_at is None
        entry = RollEntry.objects.get(muster=second)
        musters.decide(staff.author, entry.pk, "safe", reason="at home")
        musters.close_entry(staff.signer, entry.pk, reason="arrived")
        work()
        reach.refresh_from_db()
        assert reach.stopped_at is not None

    def test_an_officer_carries_it_out_with_a_reason(self, staff: Staff) -> None:
        reach = reach_of(enrol_one("Ann"))
        open_muster(staff)
        with pytest.raises(Problem, match="not asked for"):
            claims.carry_out_stop(staff.author, reach.pk, "I spoke to her")
        claims.stop_by(reach.registration, reach.pk)
        with pytest.raises(Problem, match="why: is empty"):
            claims.carry_out_stop(staff.author, reach.pk, " ")
        with pytest.raises(Refused):
            claims.carry_out_stop(staff.viewer, reach.pk, "I spoke to her")
        claims.carry_out_stop(staff.author, reach.pk, "I spoke to her")
        step = reach.steps.latest("pk")
        assert (step.did, step.officer_id, step.why) == (
            "stopped", staff.author.pk, "I spoke to her",
        )  # fmt: skip

    def test_taking_the_wish_back_leaves_nothing_to_carry_out(self, staff: Staff) -> None:
        reach = reach_of(enrol_one("Ann"))
        muster = open_muster(staff)
        claims.stop_by(reach.registration, reach.pk)
        contact_policy.resume(reach.pk, own(reach))
        musters.close_muster(staff.signer, muster.pk)
        work()
        reach.refresh_from_db()
        assert (reach.stop_asked_at, reach.stopped_at) == (None, None)

    def test_nobody_stops_another_s_address(self) -> None:
        ann, bob = reach_of(enrol_one("Ann")), reach_of(enrol_one("Bob"))
        with pytest.raises(Problem, match="none of yours"):
            claims.stop_by(ann.registration, bob.pk)
        bob.refresh_from_db()
        assert bob.stopped_at is None


class TestHostileHands:
    def test_nothing_goes_there_for_anyone_and_its_links_open_nothing(
        self, staff: Staff, outbox: Path
    ) -> None:
        ann = enrol_one("Ann", mail="shared@example.org")
        enrol_one("Bob", mail="shared@example.org", phone="+9647901234567")
        reach = reach_of(ann)
        point = ContactPoint.objects.get(address="shared@example.org")
        registration = Registration.objects.get(traveller=ann)
        old = TripsLink(registration.pk, registration.link_epoch)
        issue = publish(staff)
        work_but_sending()
        contact_policy.mark_hostile(staff.author, reach.pk, "his brother called")
        work()
        assert set(mails(outbox, issue)) == {"+9647901234567"}
        assert sorted(Delivery.objects.values_list("channel", "state")) == [
            ("mail", "withdrawn"), ("sms", "sent"),
        ]  # fmt: skip
        point.refresh_from_db()
        assert point.link_epoch == 2
        with pytest.raises(Problem, match="does not hold"):
            open_trips_link(old)
        step = reach.steps.get()
        assert (step.did, step.officer_id, step.why) == (
            "hostile", staff.author.pk, "his brother called",
        )  # fmt: skip

    def test_it_is_lifted_with_a_reason_and_what_is_in_force_goes_there(
        self, staff: Staff, outbox: Path
    ) -> None:
        reach = reach_of(enrol_one("Ann"))
        queued = publish(staff)
        work_but_sending()
        contact_policy.mark_hostile(staff.author, reach.pk, "taken")
        issue = publish(staff)
        work()
        assert mails(outbox, queued) == mails(outbox, issue) == {}
        assert Delivery.objects.get(issue_id=queued.pk).state == "withdrawn"
        contact_policy.lift_hostile(staff.author, reach.pk, "she is at the embassy")
        work()
        for each in (queued, issue):
            assert set(mails(outbox, each)) == {"ann@example.org"}
        assert [did for did, _ in steps(reach)] == ["hostile", "safe again"]

    def test_lifted_for_one_it_stays_marked_for_another(self, staff: Staff, outbox: Path) -> None:
        ann = reach_of(enrol_one("Ann", mail="shared@example.org"))
        bob = reach_of(enrol_one("Bob", mail="shared@example.org"))
        for reach in (ann, bob):
            contact_policy.mark_hostile(staff.author, reach.pk, "taken")
        contact_policy.lift_hostile(staff.author, ann.pk, "hers again")
        issue = publish(staff)
        work()
        assert mails(outbox, issue) == {}

    def test_who_may_and_what_it_takes(self, staff: Staff) -> None:
        reach = reach_of(enrol_one("Ann"))
        for officer in (staff.viewer, staff.administrator):
            with pytest.raises(Refused):
                contact_policy.mark_hostile(officer, reach.pk, "x")
        for why in ("", "  ", "\u0000", "x" * 301):
            with pytest.raises(Problem, match="why"):
                contact_policy.mark_hostile(staff.author, reach.pk, why)
        with pytest.raises(Problem, match="is not marked"):
            contact_policy.lift_hostile(staff.author, reach.pk, "x")
        contact_policy.mark_hostile(staff.author, reach.pk, "x")
        with pytest.raises(Problem, match="marked already"):
            contact_policy.mark_hostile(staff.author, reach.pk, "x")
        assert ReachStep.objects.count() == 1
