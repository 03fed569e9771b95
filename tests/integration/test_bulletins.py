"""What a bulletin must say, counts that stop and ask, and threads of issues."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import (
    ENGLISH,
    Staff,
    cancel,
    enrol,
    finish,
    mails,
    moment,
    publish,
    read_back,
    region,
    submit_and_sign,
    update,
    warning,
    work,
)
from wayhome.bulletins import services
from wayhome.bulletins.models import Issue, IssueKind, Readback, State, Step
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.officers.access import Refused
from wayhome.problems import Problem, Problems
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestWhatMustBeSaid:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"source": " "}, "source"),
            ({"hazard": ""}, "hazard"),
            ({"expires_at": None}, "expires"),
            ({"level": 2}, "level"),
            ({"kind": "advisory"}, "level"),
            ({"ask": "everything"}, "ask"),
            ({"texts": ()}, "texts"),
            ({"texts": (replace(ENGLISH, instruction=" "),)}, "instruction (en)"),
            ({"texts": (replace(ENGLISH, headline=""),)}, "headline (en)"),
            ({"texts": (replace(ENGLISH, correction=""),)}, "correction (en)"),
        ],
    )
    def test_a_draft_without_it_cannot_be_submitted(
        self, staff: Staff, change: dict[str, Any], field: str
    ) -> None:
        bulletin = services.draft(staff.author, replace(warning(), **change))
        with pytest.raises(Problems) as caught:
            services.submit(staff.author, bulletin.pk)
        assert field in {problem.field for problem in caught.value.problems}

    @pytest.mark.parametrize(
        ("first", "then", "may"),
        [
            ("public", "verified persons", False),
            ("public", "officers", False),
            ("verified persons", "officers", False),
            ("officers", "verified persons", True),
            ("verified persons", "public", True),
        ],
    )
    def test_an_update_is_for_no_fewer_than_got_the_original(
        self, staff: Staff, first: str, then: str, may: bool
    ) -> None:
        issue = publish(staff, warning(distribution=first))
        said = warning(distribution=then)
        bulletin = services.begin_update(staff.author, issue.bulletin_id, said)
        if may:
            services.submit(staff.author, bulletin.pk)
            return
        with pytest.raises(Problems, match="distribution: is narrower"):
            services.submit(staff.author, bulletin.pk)

    def test_a_warning_that_has_ended_cannot_be_submitted(self, staff: Staff) -> None:
        ended = warning(expires_at=clock.now() - timedelta(minutes=1))
        bulletin = services.draft(staff.author, ended)
        with pytest.raises(Problems, match="expires: is in the past"):
            services.submit(staff.author, bulletin.pk)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"kind": "rumour"}, "kind"),
            ({"distribution": "friends"}, "distribution"),
            ({"texts": (ENGLISH, ENGLISH)}, "texts"),
            ({"source": "s" * 201}, "source"),
            ({"hazard": "h" * 201}, "hazard"),
            ({"texts": (replace(ENGLISH, headline="h" * 161),)}, "headline (en)"),
            ({"texts": (replace(ENGLISH, language="x" * 11),)}, "language (xxxxxxxxxx)"),
            ({"texts": (replace(ENGLISH, language="English"),)}, "language"),
            ({"lead_days": -1}, "lead_days"),
            ({"grace_days": 4000}, "grace_days"),
            ({"level": -1}, "level"),
            ({"kind": "advisory", "level": 5}, "level"),
            ({"effective_at": moment("9999-12-31T23:59:59-12:00")}, "effective_at"),
            ({"expires_at": moment("0001-01-01T00:00:00+12:00")}, "expires_at"),
        ],
    )
    def test_what_is_impossible_is_not_even_drafted(
        self, staff: Staff, change: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Problem) as caught:
            services.draft(staff.author, replace(warning(), **change))
        assert caught.value.field == field

    def test_control_characters_leave_the_words(self, staff: Staff) -> None:
        text = replace(ENGLISH, headline="Leave\r\nBcc: x\x00", body="One\nTwo\x07")
        bulletin = services.draft(staff.author, warning(texts=(text,), hazard="Fire\x00\n at sea"))
        stored = bulletin.texts.get()
        assert stored.headline == "Leave Bcc: x"
        assert stored.body == "One\nTwo"
        assert bulletin.hazard == "Fire at sea"

    def test_words_stay_apart_whatever_space_is_between(self, staff: Staff) -> None:
        """French writes a narrow space before "!" and in numbers, and pasted text has tabs."""
        text = replace(ENGLISH, language="fr", body="Danger\u202f! 10\u00a0000 morts\tce soir")
        bulletin = services.draft(staff.author, warning(texts=(text,)))
        assert bulletin.texts.get().body == "Danger ! 10 000 morts ce soir"

    def test_roles_do_what_they_may(self, staff: Staff) -> None:
        for officer in (staff.viewer, staff.administrator):
            with pytest.raises(Refused):
                services.draft(officer, warning())
        bulletin = services.draft(staff.author, warning())
        services.submit(staff.author, bulletin.pk)
        readback = read_back(bulletin)
        with pytest.raises(Refused):
            services.sign(staff.publisher, bulletin.pk, readback.pk, expect_count=0)


class TestReadback:
    def test_it_counts_what_storage_holds_by_certainty_and_assurance(self, staff: Staff) -> None:
        enrol("Ann", "Bob")
        enrol("Cy", mail="cy@example.org", language="fr", verified_at=None)
        enrol("Di", mail="", phone="+9647901234567")
        bulletin = services.draft(staff.author, warning())
        services.submit(staff.author, bulletin.pk)
        counts = read_back(bulletin).counts
        assert (counts["people"], counts["certain"], counts["possible"]) == (4, 4, 0)
        assert counts["by_area"] == {"IQ-NI": 4}
        assert counts["by_assurance"] == {"reachable": 3, "self-declared": 1}
        assert counts["contact_points"] == {"mail": 2, "phone": 1}
        assert counts["languages"] == {"en": 2, "fr": 1}

    def test_an_old_one_is_neither_signed_nor_published(self, staff: Staff) -> None:
        enrol("Ann")
        bulletin = services.draft(staff.author, warning())
        services.submit(staff.author, bulletin.pk)
        readback = read_back(bulletin)
        Readback.objects.update(made_at=clock.now() - timedelta(minutes=61))
        with pytest.raises(Problem, match="too old"):
            services.sign(staff.signer, bulletin.pk, readback.pk)
        services.ask_readback(staff.author, bulletin.pk)
        services.sign(staff.signer, bulletin.pk, read_back(bulletin).pk)
        Readback.objects.update(made_at=clock.now() - timedelta(minutes=61))
        with pytest.raises(Problem, match="too old"):
            services.publish(staff.publisher, bulletin.pk)
        services.ask_readback(staff.author, bulletin.pk)
        read_back(bulletin)
        assert services.publish(staff.publisher, bulletin.pk).n == 1

    def test_reconciling_finds_a_submission_that_no_row_asks_for(self, staff: Staff) -> None:
        from wayhome.work.models import Owed
        from wayhome.work.services import reconcile

        enrol("Ann")
        done = services.draft(staff.author, warning())
        services.submit(staff.author, done.pk)
        read_back(done)
        forgotten = services.draft(staff.author, warning())
        services.submit(staff.author, forgotten.pk)
        Owed.objects.all().delete()
        reconcile()
        assert list(Owed.objects.filter(job="audience.read_back").values_list("key")) == [
            (str(forgotten.pk),)
        ]


class TestUnusualCounts:
    def test_nobody_stops_and_asks(self, staff: Staff) -> None:
        bulletin = services.draft(staff.author, warning())
        services.submit(staff.author, bulletin.pk)
        readback = read_back(bulletin)
        with pytest.raises(Problem, match="repeat it: 0"):
            services.sign(staff.signer, bulletin.pk, readback.pk)
        services.sign(staff.signer, bulletin.pk, readback.pk, expect_count=0)
        with pytest.raises(Problem, match="expect-count"):
            services.publish(staff.publisher, bulletin.pk)
        assert services.publish(staff.publisher, bulletin.pk, expect_count=0).n == 1

    def test_ten_times_the_usual_stops_and_asks(self, staff: Staff, outbox: Path) -> None:
        enrol("Ann")
        issue = publish(staff)
        work()
        cancel(staff, issue)  # whoever comes now joins no audience of the past
        for number in range(8):
            enrol(f"P{number}", mail=f"p{number}@example.org")
        nine = services.draft(staff.author, warning())
        services.submit(staff.author, nine.pk)
        assert read_back(nine).counts["people"] == 9
        services.sign(staff.signer, nine.pk, read_back(nine).pk)  # nine times: not unusual
        enrol("P9", mail="p9@example.org")
        services.ask_readback(staff.author, nine.pk)
        assert read_back(nine).counts["people"] == 10
        with pytest.raises(Problem, match=r"10 people would be reached \(usually 1\)"):
            services.publish(staff.publisher, nine.pk)
        with pytest.raises(Problem, match="storage counts 10"):
            services.publish(staff.publisher, nine.pk, expect_count=9)
        assert services.publish(staff.publisher, nine.pk, expect_count=10).n == 1


class TestThreads:
    def test_an_update_and_a_cancel_are_issues_of_the_thread(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol("Ann")
        first = publish(staff)
        work()
        second = update(staff, first, warning(texts=(replace(ENGLISH, headline="Stay inside"),)))
        work()
        third = cancel(staff, second)
        work()
        assert [i.issue_kind for i in Issue.objects.order_by("pk")] == [
            IssueKind.FIRST, IssueKind.UPDATE, IssueKind.CANCEL,
        ]  # fmt: skip
        assert [i.n for i in (first, second, third)] == [1, 2, 3]
        letters = [mails(outbox, issue)["ann@example.org"] for issue in (first, second, third)]
        assert letters[0]["Subject"] == "Leave Mosul now"
        assert letters[1]["Subject"] == "Update: Stay inside"
        assert letters[2]["Subject"] == "Cancelled: Stay inside"
        root = letters[0]["Message-ID"]
        assert [letter["In-Reply-To"] for letter in letters] == [None, root, root]
        bodies = [part.get_content() for part in letters[2].iter_parts()]
        assert len(bodies) == 2  # plain and HTML
        for body in bodies:
            assert ENGLISH.correction in body
            assert ENGLISH.instruction not in body

    def test_a_cancel_uses_the_correction_of_every_language(self, staff: Staff) -> None:
        enrol("Ann")
        french = TextSaid("fr", "Quittez Mossoul", "Attaque.", "Partez.", "Aucun danger.")
        issue = publish(staff, warning(texts=(ENGLISH, french)))
        last = cancel(staff, issue)
        assert {t.language: t.body for t in last.texts.all()} == {
            "en": ENGLISH.correction,
            "fr": "Aucun danger.",
        }
        assert last.region == issue.region
        assert last.ask == "none"

    def test_the_editor_of_a_cancel_changes_its_words_only(self, staff: Staff) -> None:
        enrol("Ann")
        issue = publish(staff)
        bulletin = services.begin_cancel(staff.author, issue.bulletin_id)
        elsewhere = warning(
            region=region("FJ"), texts=(TextSaid("en", "No danger", "It was a rumour.", ""),)
        )
        services.edit(staff.author, bulletin.pk, elsewhere, version=bulletin.version)
        bulletin.refresh_from_db()
        last = finish(staff, bulletin)
        assert last.region == issue.region
        assert last.texts.get().body == "It was a rumour."

    def test_a_follow_up_dropped_leaves_the_issue_in_force(self, staff: Staff) -> None:
        enrol("Ann")
        issue = publish(staff)
        bulletin = services.begin_update(staff.author, issue.bulletin_id)
        submit_and_sign(staff, bulletin)
        dropped = services.drop(staff.author, bulletin.pk)
        assert (dropped.state, dropped.newest_issue_id) == (State.PUBLISHED, issue.pk)
        with pytest.raises(Problem, match="state"):
            services.publish(staff.publisher, bulletin.pk)
        again = update(staff, issue)
        assert again.texts.get().headline == ENGLISH.headline

    def test_whoever_dropped_a_follow_up_may_sign_the_next(self, staff: Staff) -> None:
        issue = publish(staff)
        services.begin_update(staff.signer, issue.bulletin_id)
        services.drop(staff.signer, issue.bulletin_id)
        last = cancel(staff, issue)
        assert last.signed_by == staff.signer.pk

    def test_who_vouches_for_a_language_is_who_last_changed_it(self, staff: Staff) -> None:
        french = TextSaid("fr", "Partez", "Des combats.", "Partez le jour.", "Tout est calme.")
        arabic = TextSaid("ar", "غادروا", "قتال.", "غادروا نهارًا.", "الوضع هادئ.")
        said = warning(texts=(ENGLISH, french, arabic))
        draft = services.draft(staff.author, said)
        changed = replace(said, texts=(ENGLISH, replace(french, body="De lourds combats."), arabic))
        draft = services.edit(staff.publisher, draft.pk, changed, version=draft.version)
        author, publisher = staff.author.pk, staff.publisher.pk
        vouched = dict(draft.texts.values_list("language", "vouched_by"))
        assert vouched == {"en": author, "fr": publisher, "ar": author}
        issue = finish(staff, draft)
        follow = services.begin_cancel(staff.case_officer, issue.bulletin_id)
        vouched = dict(follow.texts.values_list("language", "vouched_by"))
        assert vouched == {"en": author, "fr": publisher, "ar": author}

    def test_a_cancel_overtakes_an_update_in_hand(self, staff: Staff) -> None:
        enrol("Ann")
        issue = publish(staff)
        services.begin_update(staff.author, issue.bulletin_id, warning(region=region("FJ")))
        last = cancel(staff, issue)
        assert (last.issue_kind, last.region) == (IssueKind.CANCEL, issue.region)

    def test_a_cancel_begun_twice_keeps_the_words_of_the_first(self, staff: Staff) -> None:
        issue = publish(staff)
        services.begin_cancel(staff.author, issue.bulletin_id)
        words = TextSaid("en", "All clear", "It was a burst pipe.", "")
        services.edit(staff.author, issue.bulletin_id, warning(texts=(words,)), version=2)
        with pytest.raises(Problem, match="in hand"):
            services.begin_cancel(staff.signer, issue.bulletin_id)
        assert issue.bulletin.texts.get().body == "It was a burst pipe."

    def test_after_a_cancel_nothing_follows(self, staff: Staff) -> None:
        enrol("Ann")
        issue = publish(staff)
        cancel(staff, issue)
        for step in (services.begin_update, services.begin_cancel, services.drop):
            with pytest.raises(Problem, match="state: is cancelled"):
                step(staff.author, issue.bulletin_id)

    def test_every_step_is_kept_with_who_did_it(self, staff: Staff) -> None:
        enrol("Ann")
        issue = publish(staff)
        steps = list(Step.objects.order_by("pk").values_list("did", "officer_id"))
        assert steps == [
            ("drafted", staff.author.pk),
            ("submitted", staff.author.pk),
            ("signed", staff.signer.pk),
            ("published", staff.publisher.pk),
        ]
        assert (issue.signed_by, issue.published_by) == (staff.signer.pk, staff.publisher.pk)

    def test_it_cannot_go_out_after_its_end_has_passed(self, staff: Staff) -> None:
        enrol("Ann")
        said: BulletinSaid = warning()
        bulletin = services.draft(staff.author, said)
        submit_and_sign(staff, bulletin)
        import time_machine

        assert said.expires_at is not None
        with (
            time_machine.travel(said.expires_at + timedelta(minutes=1), tick=False),
            pytest.raises(Problem, match=r"readback: is too old|expires"),
        ):
            services.publish(staff.publisher, bulletin.pk)
        assert not Issue.objects.exists()
