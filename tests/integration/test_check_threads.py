"""``wayhome check delivery``: nobody is missing, threads follow, no issue changed, none is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tests.support.factories import work_but_sending
from tests.support.history import (
    History,
    broken,
    count_again,
    move_attempt,
    new_address,
    rule_named,
)
from wayhome.delivery.models import Attempt, Delivery, DispatchStep
from wayhome.letters.models import Letter
from wayhome.work.models import Owed
from wayhome.work.services import owe

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

MISSING, JOINED, THREADS = "2, 3, 10 nobody is missing", "10 late joiners", "4 threads"
PLANNED, UNCHANGED, IN_TIME = "3 planned", "4 unchanged", "4 in time"

# Each way in which Ann cannot be reached at her address any more.
UNREACHED = [
    "UPDATE contact_point SET suppressed_at = {now} WHERE id = {ann}",
    "UPDATE reach SET hostile_since = {now} WHERE contact_point_id = {ann}",
    "UPDATE reach SET stopped_at = {now} WHERE contact_point_id = {ann}",
    "UPDATE reach SET ended_at = {now} WHERE contact_point_id = {ann}",
    "UPDATE reach SET valid_until = {now} WHERE contact_point_id = {ann}",
    "UPDATE reach SET channels = ',sms,' WHERE contact_point_id = {ann}",
]


def forget(history: History, issue: str, *points: str) -> None:
    """As if the issue had never been delivered there."""
    for point in points:
        of = f"WHERE issue_id = {{{issue}}} AND contact_point_id = {{{point}}}"
        history.sql(f"DELETE FROM delivery {of}")
        with connection.cursor() as cursor:
            for table in ("attempt", "receipt"):
                cursor.execute(f"DELETE FROM {table} {of}".format(**history.names))
    count_again()


def said(history: History, expected: dict[str, Sequence[str]]) -> dict[str, list[str]]:
    return {rule: [history.says(line) for line in lines] for rule, lines in expected.items()}


class TestCovering:
    @pytest.mark.parametrize("issue", ["alone", "shown", "owed"])
    def test_an_address_of_someone_of_the_audience_has_none(
        self, history: History, issue: str
    ) -> None:
        forget(history, issue, "ann")
        line = f"issue {{{issue}}} contact point {{ann}}: has no delivery"
        assert broken() == said(history, {MISSING: [line]})

    def test_two_people_of_one_address_miss_it_once_each(self, history: History) -> None:
        forget(history, "alone", "ben")
        line = "issue {alone} contact point {ben}: has no delivery"
        assert broken() == said(history, {MISSING: [line, line]})

    @pytest.mark.parametrize(("earlier", "issue"), [("old", "new"), ("called_off", "cancelled")])
    def test_an_update_or_cancel_that_did_not_go(
        self, history: History, earlier: str, issue: str
    ) -> None:
        forget(history, issue, "ann")
        why = f"may have got it and has no delivery of issue {{{issue}}}"
        assert broken() == said(
            history,
            {
                MISSING: [f"issue {{{issue}}} contact point {{ann}}: has no delivery"],
                THREADS: [f"{{{earlier}}}/0/{{ann}}/mail: {why}"],
            },
        )

    def test_what_was_replaced_is_not_asked_for(self, history: History) -> None:
        forget(history, "old", "ann")
        forget(history, "held", "ann")
        assert broken() == {}

    @pytest.mark.parametrize("statement", UNREACHED)
    def test_not_where_it_cannot_go(self, history: History, statement: str) -> None:
        history.sql(statement)
        forget(history, "alone", "ann")
        assert broken() == {}
        assert rule_named(MISSING).facts["people with no address that serves"] > 0

    @pytest.mark.parametrize("statement", UNREACHED[:2])
    def test_a_correction_does_not_follow_where_it_cannot_go(
        self, history: History, statement: str
    ) -> None:
        history.sql(statement)
        forget(history, "new", "ann")
        forget(history, "cancelled", "ann")
        assert broken() == {}

    @pytest.mark.parametrize(
        "step",
        [
            "INSERT INTO reach_step (reach_id, did, what, why, at) SELECT id, 'resumed', '', '',"
            " '2199-01-01 00:00:00' FROM reach WHERE contact_point_id = {ann}",
            "INSERT INTO suppression (contact_point_id, did, why, at)"
            " VALUES ({ann}, 'lifted', '', '2199-01-01 00:00:00')",
        ],
    )
    def test_a_cancel_goes_on_the_terms_of_when_it_was_published(
        self, history: History, step: str
    ) -> None:
        """Their terms changed since: only that it follows the original is asked for."""
        history.sql(step)
        forget(history, "cancelled", "ann")
        assert list(broken()) == [THREADS]
        forget(history, "new", "ann")
        assert (
            rule_named(MISSING).first
            == said(history, {MISSING: ["issue {new} contact point {ann}: has no delivery"]})[
                MISSING
            ]
        )

    def test_what_is_for_officers_goes_to_nobody(self, history: History) -> None:
        forget(history, "alone", "ann")
        history.sql("UPDATE issue SET distribution = 'officers' WHERE id = {alone}")
        assert list(broken()) == [UNCHANGED]

    def test_an_address_that_is_new_is_joined_and_no_cancel_goes_there(
        self, history: History
    ) -> None:
        point = new_address(history.names["ann_registered"], "new@example.org")
        assert broken() == {}
        assert rule_named(MISSING).facts["being joined"] == 3
        asked = Owed.objects.filter(job="delivery.join")
        assert asked.count() == 1
        asked.delete()
        assert broken() == {
            MISSING: [
                f"issue {issue.pk} contact point {point}: has no delivery"
                for issue in (history.new, history.alone, history.owed)
            ]
        }
        owe("delivery.join", history.names["Ann"])
        work_but_sending()
        assert broken() == {}
        reached = Delivery.objects.filter(contact_point_id=point).order_by("issue_id")
        assert [row.issue_id for row in reached] == [
            history.new.pk, history.alone.pk, history.owed.pk,
        ]  # fmt: skip


class TestFollowing:
    """Ann's address is no longer hers: only the thread leads there."""

    KEY = "{held}/0/{ann}/mail"
    OF = "WHERE issue_id = {held} AND contact_point_id = {ann}"
    TRIED = (
        "INSERT INTO attempt (issue_id, letter_id, contact_point_id, channel, n, outcome, relay,"
        " detail, at) SELECT id, 0, {ann}, 'mail', %d, '%s', 'files', '', published_at"
        " FROM issue WHERE id = {held}"
    )
    MAY_HAVE_GOT_IT = {
        "leased": ["UPDATE slice SET relay = 'files' WHERE id = {held_slice}"],
        "put off": [TRIED % (1, "later"), f"UPDATE delivery SET tries = 1 {OF}"],
        "put off and withdrawn": [
            TRIED % (1, "later"),
            TRIED % (2, "withdrawn"),
            f"UPDATE delivery SET tries = 2, state = 'withdrawn', slice_id = NULL {OF}",
        ],
        "sent": [
            TRIED % (1, "sent"),
            "UPDATE delivery SET tries = 1, state = 'sent', slice_id = NULL,"
            f" sent_at = (SELECT published_at FROM issue WHERE id = {{held}}) {OF}",
        ],
    }

    @pytest.fixture(autouse=True)
    def _no_longer_hers(self, history: History) -> None:
        history.sql("UPDATE reach SET ended_at = {now} WHERE contact_point_id = {ann}")
        forget(history, "owed", "ann")

    def test_what_nobody_had_in_hand_is_not_followed(self, history: History) -> None:
        assert broken() == {}

    @pytest.mark.parametrize("how", MAY_HAVE_GOT_IT)
    def test_who_may_have_got_it_is_followed(self, history: History, how: str) -> None:
        history.sql(*self.MAY_HAVE_GOT_IT[how])
        count_again()
        line = f"{self.KEY}: may have got it and has no delivery of issue {{owed}}"
        assert broken() == said(history, {THREADS: [line]})

    @pytest.mark.parametrize("statement", UNREACHED[:2])
    def test_not_where_it_cannot_go(self, history: History, statement: str) -> None:
        history.sql(*self.MAY_HAVE_GOT_IT["sent"], statement)
        count_again()
        assert broken() == {}

    def test_refused_at_the_first_try_is_not(self, history: History) -> None:
        history.sql(
            self.TRIED % (1, "refused"),
            f"UPDATE delivery SET tries = 1, state = 'refused', slice_id = NULL {self.OF}",
        )
        count_again()
        assert broken() == {}

    def test_what_is_owed_is_counted(self, history: History) -> None:
        history.sql(*self.MAY_HAVE_GOT_IT["sent"])
        count_again()
        owe("delivery.follow", history.names["ann"])
        assert broken() == {}
        assert rule_named(THREADS).facts == {"being followed": 1}

    def test_nothing_is_asked_of_an_update_that_is_being_planned(self, history: History) -> None:
        history.sql(*self.MAY_HAVE_GOT_IT["sent"])
        count_again()
        owe("delivery.plan", history.owed.pk)
        assert broken() == {}


class TestPeople:
    def test_who_was_warned_is_in_the_audience_of_the_update(self, history: History) -> None:
        of_gus = "traveller_id = {Gus}"
        history.sql(f"DELETE FROM audience WHERE issue_id = {{new}} AND {of_gus}")
        line = "issue {old} traveller {Gus}: was warned and is not in the audience of issue {new}"
        assert broken() == said(history, {THREADS: [line]})
        # Whoever came to the old one after the new one was published, was never warned by it.
        history.sql(
            f"UPDATE audience SET at = '2199-01-01 00:00:00' WHERE issue_id = {{old}} AND {of_gus}"
        )
        assert broken() == {}

    def test_who_is_there_is_in_the_audience(self, history: History) -> None:
        history.sql("DELETE FROM audience WHERE issue_id = {alone} AND traveller_id = {Cy}")
        line = "issue {alone} traveller {Cy}: is not in its audience"
        assert broken() == said(history, {JOINED: [line]})
        owe("delivery.join", history.names["Cy"])
        assert broken() == {}
        assert rule_named(JOINED).facts == {"being joined": 1}

    @pytest.mark.parametrize("issue", ["old", "cancelled"])
    def test_nobody_is_joined_to_what_was_replaced_or_cancels(
        self, history: History, issue: str
    ) -> None:
        history.sql(f"DELETE FROM audience WHERE issue_id = {{{issue}}} AND traveller_id = {{Cy}}")
        assert rule_named(JOINED).first == []

    def test_nobody_is_joined_who_has_gone(self, history: History) -> None:
        history.sql("DELETE FROM audience WHERE issue_id = {alone} AND traveller_id = {Gus}")
        assert rule_named(JOINED).first == []


class TestPlanned:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE dispatch SET planned_at = NULL WHERE issue_id = {alone}",
            "DELETE FROM dispatch WHERE issue_id = {alone}",
        ],
    )
    def test_to_its_end_or_that_is_owed(self, history: History, statement: str) -> None:
        history.sql(statement)
        line = "issue {alone}: was never planned, and nothing owes that"
        assert broken() == said(history, {PLANNED: [line]})
        owe("delivery.plan", f"{history.alone.pk}/warned/12")
        assert broken() == {}
        assert rule_named(PLANNED).facts == {"being planned": 1}

    def test_not_what_was_replaced_or_holds_no_longer(self, history: History) -> None:
        history.sql(
            "UPDATE dispatch SET planned_at = NULL WHERE issue_id IN ({old}, {alone})",
            "UPDATE issue SET expires_at = {now} WHERE id = {alone}",
        )
        assert rule_named(PLANNED).first == []


class TestUnchanged:
    @pytest.mark.parametrize(
        "change",
        [
            *(
                f"UPDATE issue_text SET {column} = {value} WHERE issue_id = {{called_off}}"
                for column, value in (
                    *((name, "'x'") for name in ("headline", "body", "instruction", "correction")),
                    ("language", "'fr'"),
                    ("vouched_by", "vouched_by + 1"),
                )
            ),
            "DELETE FROM issue_text WHERE issue_id = {called_off}",
            *(
                f"UPDATE issue SET {change} WHERE id = {{called_off}}"
                for change in (
                    "hazard = 'x'", "source = 'x'", "ask = ''", "kind = 'advisory'", "level = 2",
                    "distribution = 'verified persons'", "lead_days = lead_days + 1",
                    "grace_days = grace_days + 1", "effective_at = '2001-01-01 00:00:00'",
                    "expires_at = '2199-01-01 00:00:00'", "issue_kind = 'update'",
                    """region = '{{"kind": "area", "code": "FR"}}'""",
                )
            ),
        ],
    )  # fmt: skip
    def test_not_a_word_after_it_was_signed(self, history: History, change: str) -> None:
        history.sql(change)
        line = "issue {called_off}: its words or its region differ from what was read back"
        assert broken() == said(history, {UNCHANGED: [line]})

    def test_read_back_as_another_bulletin(self, history: History) -> None:
        history.sql(
            "UPDATE readback SET bulletin_id = (SELECT bulletin_id FROM issue WHERE id = {alone})"
            " WHERE id = (SELECT readback_id FROM issue WHERE id = {old})"
        )
        line = "issue {old}: was read back as another bulletin"
        assert broken() == said(history, {UNCHANGED: [line]})

    @pytest.mark.parametrize(
        "change",
        [
            "DELETE FROM bulletin_step WHERE {of_it}",
            "UPDATE bulletin_step SET officer_id = officer_id + 100 WHERE {of_it}",
            "UPDATE bulletin_step SET version = version + 1 WHERE {of_it}",
            "UPDATE bulletin_step SET did = 'returned' WHERE {of_it}",
            "UPDATE bulletin_step SET readback_id = (SELECT readback_id FROM issue"
            " WHERE id = {alone}) WHERE {of_it}",
            "UPDATE issue SET signed_by = signed_by + 100 WHERE id = {called_off}",
        ],
    )
    def test_signed_by_nobody_as_it_was_read_back(self, history: History, change: str) -> None:
        history.names["of_it"] = history.says(
            "did = 'signed' AND readback_id = (SELECT readback_id FROM issue WHERE id ="
            " {called_off})"
        )
        history.sql(change)
        line = "issue {called_off}: was not signed as it was read back"
        assert broken() == said(history, {UNCHANGED: [line]})

    def test_a_readback_that_was_changed_with_its_region(self, history: History) -> None:
        history.sql(
            "UPDATE readback SET draft_hash = 'x' WHERE id ="
            " (SELECT readback_id FROM issue WHERE id = {called_off})"
        )
        line = "issue {called_off}: its words or its region differ from what was read back"
        assert broken() == said(history, {UNCHANGED: [line]})


class TestInTime:
    SECONDS = 60
    LINE = "{%s}/0/{ann}/mail/1: was taken 60.00 s after %s"

    def late(self, history: History, issue: str, since: datetime) -> None:
        to = since + timedelta(seconds=self.SECONDS)
        move_attempt(history.names[issue], history.names["ann"], to)

    def test_not_after_a_newer_one_spoke(self, history: History) -> None:
        self.late(history, "old", history.new.published_at)
        line = self.LINE % ("old", "a newer issue spoke")
        assert broken() == said(history, {IN_TIME: [line]})

    def test_not_after_it_had_expired(self, history: History) -> None:
        assert history.alone.expires_at is not None
        self.late(history, "alone", history.alone.expires_at)
        line = self.LINE % ("alone", "it had expired")
        assert broken() == said(history, {IN_TIME: [line]})

    def test_not_after_a_letter_had(self, history: History) -> None:
        letter = Letter.objects.get(pk=history.names["taken"])
        to = letter.expires_at + timedelta(seconds=60)
        assert Attempt.objects.filter(letter_id=letter.pk).update(at=to) == 1
        assert Delivery.objects.filter(letter_id=letter.pk).update(sent_at=to) == 1
        line = "0/{taken}/{ann}/mail/1: was taken 60.00 s after it had expired"
        assert broken() == said(history, {IN_TIME: [line]})

    @pytest.mark.parametrize(
        ("stopped", "resumed", "late"),
        [(0, 120, True), (0, None, True), (0, 59, False), (61, 120, False), (61, None, False)],
    )
    def test_not_while_it_was_stopped(
        self, history: History, stopped: int, resumed: int | None, late: bool
    ) -> None:
        since = history.alone.published_at - timedelta(days=1)
        self.late(history, "alone", since)
        steps = DispatchStep.objects.filter(issue_id=history.alone.pk)
        for did, seconds in (("stopped", stopped), ("resumed", resumed)):
            if seconds is None:
                # The others were sent before the moment of the stop, too.
                steps.filter(did=did).delete()
                Attempt.objects.filter(issue_id=history.alone.pk).exclude(
                    contact_point_id=history.names["ann"]
                ).update(at=since - timedelta(seconds=1))
                Delivery.objects.filter(issue_id=history.alone.pk).exclude(
                    contact_point_id=history.names["ann"]
                ).update(sent_at=since - timedelta(seconds=1))
            else:
                assert steps.filter(did=did).update(at=since + timedelta(seconds=seconds)) == 1
        line = self.LINE % ("alone", "it was stopped")
        assert broken() == (said(history, {IN_TIME: [line]}) if late else {})

    def test_a_batch_that_was_on_its_way_is_told(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(self, "SECONDS", 20)
        self.late(history, "old", history.new.published_at)
        assert broken() == {}
        assert rule_named(IN_TIME).facts == {
            "taken within a batch after a newer issue spoke": 1,
            "longest after a newer issue spoke, seconds": 20.0,
        }

    def test_what_was_put_off_late_was_not_handed_over(self, history: History) -> None:
        self.late(history, "old", history.new.published_at)
        history.sql(
            "UPDATE attempt SET outcome = 'withdrawn' WHERE issue_id = {old}"
            " AND contact_point_id = {ann}",
            "UPDATE delivery SET state = 'withdrawn', sent_at = NULL WHERE issue_id = {old}"
            " AND contact_point_id = {ann}",
        )
        count_again()
        assert broken() == {}
