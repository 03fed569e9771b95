"""The audit trail only grows, says what was done and by whom, and shows whatever was done to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.integration.access.conftest import World
from tests.support.factories import (
    Staff,
    enrol_one,
    make_officer,
    register,
    run_schedules,
    work,
)
from tests.support.signing_in import with_app
from wayhome.musters import services as musters
from wayhome.officers import (
    accounts,
    audit,
    audit_chain,
    audit_sql,
    invitations,
    recovery,
    recovery_codes,
    second_factor,
)
from wayhome.officers.audit import Deed
from wayhome.officers.audit_chain import MARGIN, close_due, ranges_of, to_words
from wayhome.officers.audit_check import prove
from wayhome.officers.models import AuditBatch, AuditRow
from wayhome.officers.roles import Role
from wayhome.officers.services import change_role, clear, unclear
from wayhome.ops.commands.check import check
from wayhome.problems import Problem
from wayhome.travellers import quarantine, vouching
from wayhome.travellers.quarantine import Suspicion
from wayhome.travellers.services import lift, repoint
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@transaction.atomic
def write(minutes_ago: float, why: str = "", number: int = 1) -> AuditRow:
    """A deed of so many minutes ago, for a chain that is to be closed."""
    return AuditRow.objects.create(
        at=database_now() - timedelta(minutes=minutes_ago),
        officer_id=7,
        deed=Deed.PUBLISHED.value,
        kind="issue",
        number=number,
        why=why,
    )


@pytest.fixture
def chain(db: None, monkeypatch: pytest.MonkeyPatch) -> list[AuditRow]:
    """Nine deeds in three closed batches of three."""
    monkeypatch.setattr(audit_chain, "MOST_ROWS", 3)
    rows = [write(30 - n, why=f"deed {n}", number=n) for n in range(9)]
    assert close_due() == 3
    assert prove().faults == []
    return rows


def tampering(change: Callable[[], Any]) -> list[str]:
    """What is found once somebody with the keys to the database did this."""
    with audit_sql.unguarded():
        change()
    return prove().faults


class TestRecording:
    def test_it_is_written_with_the_deed_or_not_at_all(self, staff: Staff) -> None:
        before = AuditRow.objects.count()

        @transaction.atomic
        def fail() -> None:
            audit.record(staff.author, Deed.PUBLISHED, "issue", 1)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert AuditRow.objects.count() == before

    @pytest.mark.django_db(transaction=True)
    def test_it_refuses_to_be_written_apart_from_its_deed(self) -> None:
        with pytest.raises(RuntimeError, match="transaction"):
            audit.record(None, Deed.PUBLISHED, "issue", 1)

    def test_what_officers_do_is_there_and_nobody_s_data_is(
        self, world: World, staff: Staff
    ) -> None:
        ann = world.entry.traveller
        musters.decide(staff.author, world.entry.pk, "safe", reason="Ann Ash called me")
        musters.close_entry(staff.signer, world.entry.pk, reason="Ann Ash is home")
        musters.close_muster(staff.signer, world.muster.pk)
        lift(staff.author, world.numbers["contact_point_id"], "bob@example.org works, says Bob")
        repoint(ann.registrations.get(), enrol_one("Ann Oak"), why="Ann Ash", by_officer=3)
        own = enrol_one("Ann Elm").registrations.get()
        vouching.confirm(staff.author, own.pk, "Ann Ash rang me")
        burst = Suspicion("network", "x" * 32)
        for release in (True, False):
            quarantine.put_in([register("Cem").pk], burst)
            quarantine.decide(staff.author, burst.burst, release=release, reason="Cem is known")
        rows = list(AuditRow.objects.order_by("pk"))
        deeds = {row.deed for row in rows}
        assert {
            Deed.ASSURANCE_SET, Deed.BURST_RELEASED, Deed.BURST_DECLINED,
            Deed.SUBMITTED, Deed.SIGNED, Deed.PUBLISHED, Deed.MUSTER_OPENED, Deed.MUSTER_CLOSED,
            Deed.ENTRY_DECIDED, Deed.ENTRY_CLOSED, Deed.ADDRESS_LIFTED, Deed.GLASS_BROKEN,
            Deed.CLEARED, Deed.BOUND, Deed.ORGANISATION_MADE, Deed.REGISTRATION_REPOINTED,
        } <= deeds  # fmt: skip
        who = {row.deed: row.officer_id for row in rows}
        assert who[Deed.SIGNED] == staff.signer.pk
        assert who[Deed.PUBLISHED] == staff.publisher.pk
        assert who[Deed.CLEARED] is None  # by whoever runs the host
        told = json.dumps([[row.why, row.kind, row.number] for row in rows])
        for word in ("Ann", "Ash", "Bob", "Cem", "example.org"):
            assert word not in told

    def test_signing_in_is_a_deed(self, client: Any, staff: Staff) -> None:
        client.force_login(staff.viewer)
        row = AuditRow.objects.latest("pk")
        assert (row.deed, row.officer_id) == (Deed.SIGNED_IN, staff.viewer.pk)

    def test_one_sign_in_is_one_row_and_an_account_s_life_is_there(self, staff: Staff) -> None:
        chief, second = staff.administrator, make_officer("second", Role.ADMINISTRATOR)
        made = invitations.invite(
            chief, email="ada@example.org", name="Ada", office="", role="viewer"
        ).invitation
        ada = invitations.accept(made.pk, "seven quiet lanterns")
        with_app(ada)
        Client().force_login(ada)
        recovery_codes.make(ada)
        accounts.end_sessions(chief, ada.pk)
        second_factor.reset(ada)
        accounts.change(chief, ada.pk, role="officer", office="Oslo")
        asked = recovery.ask(chief, ada.pk, "Ada rang from Oslo")
        recovery.withdraw(chief, asked.pk)
        recovery.confirm(second, recovery.ask(chief, ada.pk, "Ada rang again").pk)
        accounts.deactivate(chief, ada.pk)
        accounts.reactivate(second, ada.pk)
        rows = AuditRow.objects.filter(kind__in=("officer", "invitation")).order_by("pk")
        rows = rows.exclude(deed=Deed.CLEARED)
        assert [(row.deed, row.officer_id) for row in rows] == [
            (Deed.INVITED, chief.pk),
            (Deed.OFFICER_MADE, chief.pk),
            (Deed.FACTOR_ADDED, ada.pk),
            (Deed.SIGNED_IN, ada.pk),
            (Deed.CODES_MADE, ada.pk),
            (Deed.SESSIONS_ENDED, chief.pk),
            (Deed.ROLE_CHANGED, chief.pk),
            (Deed.RECOVERY_ASKED, chief.pk),
            (Deed.RECOVERY_WITHDRAWN, chief.pk),
            (Deed.RECOVERY_ASKED, chief.pk),
            (Deed.RECOVERY_CONFIRMED, second.pk),
            (Deed.ACCOUNT_CLOSED, chief.pk),
            (Deed.ACCOUNT_OPENED, second.pk),
        ]
        told = " ".join(row.why for row in rows)
        assert "rang" not in told  # the recovery's own row keeps it
        assert "example.org" not in told

    def test_roles_and_clearances_are_changed_by_another_and_leave_a_trace(
        self, staff: Staff
    ) -> None:
        chief = staff.administrator
        with pytest.raises(Problem, match="is you"):
            change_role(chief, Role.APPROVER, "I want to", by=chief)
        with pytest.raises(Problem, match="is you"):
            clear(chief, "cases", by=chief)
        change_role(staff.viewer, Role.MUSTER_LEAD, "leads tonight", by=chief)
        staff.viewer.refresh_from_db()
        assert staff.viewer.role == Role.MUSTER_LEAD
        row = AuditRow.objects.latest("pk")
        assert (row.officer_id, row.number) == (chief.pk, staff.viewer.pk)
        assert row.why == "viewer to muster lead: leads tonight"
        clear(staff.viewer, "cases", by=chief)
        clear(staff.viewer, "cases", by=chief)
        unclear(staff.viewer, "cases", by=chief)
        last = list(AuditRow.objects.order_by("-pk").values_list("deed", flat=True)[:2])
        assert last == [Deed.UNCLEARED, Deed.CLEARED]
        with pytest.raises(Problem, match="none that they are cleared for"):
            unclear(staff.viewer, "cases", by=chief)


class TestOnlyGrowing:
    @pytest.mark.parametrize("table", audit_sql.TABLES)
    @pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
    def test_the_database_refuses_to_change_or_delete(
        self, chain: list[AuditRow], table: str, statement: str
    ) -> None:
        if statement.startswith("TRUNCATE") and connection.vendor != "postgresql":
            statement = "DELETE FROM {} WHERE 1"  # SQLite's own way to empty a table
        set_ = "why = 'x'" if table == "audit_row" else "hash = 'x'"
        with (
            pytest.raises(DatabaseError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table, set_))
        assert prove().faults == []

    def test_the_guards_stand_after_every_migration_whatever_it_dropped(self, db: None) -> None:
        from django.core.management import call_command

        assert audit_sql.missing_guards() == []
        on = " ON audit_row" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER audit_row_no_update{on}")
        assert audit_sql.missing_guards() == ["audit_row_no_update"]
        assert "trigger audit_row_no_update is missing" in prove().faults[0]
        call_command("migrate", verbosity=0)
        assert audit_sql.missing_guards() == []

    @pytest.mark.django_db(transaction=True)
    def test_a_rebuilt_table_has_them_again(self) -> None:
        """SQLite alters a table by making another and moving the rows: triggers are lost."""
        from django.core.management import call_command
        from django.db import models

        if connection.vendor != "sqlite":
            pytest.skip("PostgreSQL alters tables in place")
        field = AuditRow._meta.get_field("why")
        wider = models.CharField(max_length=400, blank=True)
        wider.set_attributes_from_name("why")
        wider.model = AuditRow
        with connection.schema_editor() as editor:
            editor.alter_field(AuditRow, field, wider)
        assert audit_sql.missing_guards() == ["audit_row_no_delete", "audit_row_no_update"]
        call_command("migrate", verbosity=0)
        assert audit_sql.missing_guards() == []


class TestClosing:
    def test_a_worker_closes_what_is_old_enough(self, db: None) -> None:
        old, fresh = write(11), write(9)
        run_schedules()
        work()
        batch = AuditBatch.objects.get()
        assert (batch.first_id, batch.last_id, batch.rows) == (old.pk, old.pk, 1)
        proof = prove()
        assert (proof.faults, proof.open_rows, proof.newest) == ([], 1, batch.hash)
        assert fresh.pk > old.pk

    def test_a_row_waits_for_the_one_before_it(self, db: None) -> None:
        """The clock of one deed may be a little behind that of another."""
        first, second = write(9), write(11)
        assert close_due() == 0
        with audit_sql.unguarded():
            AuditRow.objects.filter(pk=first.pk).update(at=database_now() - MARGIN)
        assert close_due() == 1
        assert AuditBatch.objects.get().rows == 2
        assert second.pk == AuditBatch.objects.get().last_id

    def test_a_clock_that_was_ahead_holds_nothing_up(self, db: None) -> None:
        write(-60 * 24 * 365)
        write(20)
        assert close_due() == 1
        assert AuditBatch.objects.get().rows == 2

    def test_gaps_of_what_was_rolled_back_are_no_fault(self, db: None) -> None:
        write(20)
        with transaction.atomic():
            write(20)
            transaction.set_rollback(True)
        write(20)
        assert close_due() == 1
        assert prove().faults == []

    def test_what_commits_late_is_taken_in_and_listed_for_good(self, chain: list[AuditRow]) -> None:
        """A transaction held its number for longer than the margin, and then ended."""
        late = self._commit_late(chain)
        assert any(f"row {late.pk} stands among closed rows" in each for each in prove().faults)
        write(20, number=99)
        assert close_due() == 1
        batch = AuditBatch.objects.latest("n")
        assert batch.late == str(late.pk)
        assert batch.rows == 2
        proof = prove()
        assert proof.faults == []
        assert [(each.row, each.batch) for each in proof.late] == [(late.pk, batch.n)]
        assert close_due() == 0

    def test_what_came_late_since_a_kept_hash_is_asked_about_once(
        self, chain: list[AuditRow]
    ) -> None:
        kept = prove().newest
        late = self._commit_late(chain)
        write(20, number=99)
        assert close_due() == 1
        proof = prove(kept)
        assert [f"row {late.pk} came to light late" in each for each in proof.faults] == [True]
        assert prove(proof.newest).faults == []

    def test_late_alone_is_a_batch_too(self, chain: list[AuditRow]) -> None:
        late = self._commit_late(chain)
        assert close_due() == 1
        assert AuditBatch.objects.latest("n").late == str(late.pk)
        write(20)
        assert close_due() == 1
        assert prove().faults == []
        assert len(prove().late) == 1

    def _commit_late(self, chain: list[AuditRow]) -> AuditRow:
        late = write(25, why="slow")
        with audit_sql.unguarded():
            AuditRow.objects.filter(pk=late.pk).delete()
            late.pk = chain[0].pk - 1
            late.save(force_insert=True)
        return late

    @pytest.mark.parametrize("ids", [[], [5], [1, 2, 3], [1, 3, 4, 9], list(range(1, 2000, 2))])
    def test_numbers_in_words(self, ids: list[int]) -> None:
        words = to_words(ids)
        assert [n for low, high in ranges_of(words) for n in range(low, high + 1)] == ids


class TestTampering:
    def test_a_changed_row_is_named(self, chain: list[AuditRow]) -> None:
        row = chain[4]
        faults = tampering(lambda: AuditRow.objects.filter(pk=row.pk).update(officer_id=8))
        assert faults == [f"batch 2: row {row.pk} was changed"]

    @pytest.mark.parametrize(
        "change", [{"why": "x"}, {"deed": "signed in"}, {"kind": "x"}, {"number": None}]
    )
    def test_every_column_counts(self, chain: list[AuditRow], change: dict[str, Any]) -> None:
        faults = tampering(lambda: AuditRow.objects.filter(pk=chain[0].pk).update(**change))
        assert faults == [f"batch 1: row {chain[0].pk} was changed"]

    def test_its_time_counts(self, chain: list[AuditRow]) -> None:
        at = chain[0].at - timedelta(microseconds=1)
        faults = tampering(lambda: AuditRow.objects.filter(pk=chain[0].pk).update(at=at))
        assert faults == [f"batch 1: row {chain[0].pk} was changed"]

    def test_a_removed_row_is_named(self, chain: list[AuditRow]) -> None:
        row = chain[4].pk
        faults = tampering(lambda: AuditRow.objects.filter(pk=row).delete())
        assert faults == [f"batch 2: row {row} is gone"]

    def test_an_inserted_row_is_named_and_never_forgotten(self, chain: list[AuditRow]) -> None:
        false = AuditRow(
            pk=chain[0].pk - 1, at=chain[0].at, officer_id=1, deed="signed", kind="readback"
        )
        faults = tampering(lambda: false.save(force_insert=True))
        assert len(faults) == 1
        assert faults[0].startswith(f"row {false.pk} stands among closed rows and is in no batch")
        close_due()
        assert [each.row for each in prove().late] == [false.pk]

    def test_a_row_put_into_a_batch_is_found(self, chain: list[AuditRow]) -> None:
        false = AuditRow(
            pk=chain[0].pk - 1, at=chain[0].at, officer_id=1, deed="signed", kind="readback"
        )

        def put() -> None:
            false.save(force_insert=True)
            words = to_words([false.pk, *(row.pk for row in chain[:3])])
            AuditBatch.objects.filter(n=1).update(ids=words, rows=4)

        assert tampering(put)[0].startswith("batch 1: row ")
        assert tampering(lambda: AuditBatch.objects.filter(n=1).update(ids="1-9999999999"))[
            0
        ].startswith("batch 1 was changed")

    def test_a_removed_batch_is_named(self, chain: list[AuditRow]) -> None:
        faults = tampering(lambda: AuditBatch.objects.filter(n=2).delete())
        assert faults[0] == "batch 2 is missing"

    def test_the_first_batch_is_missed_too(self, chain: list[AuditRow]) -> None:
        assert tampering(lambda: AuditBatch.objects.filter(n=1).delete())[0] == "batch 1 is missing"

    def test_a_batch_made_anew_does_not_fit_its_follower(self, chain: list[AuditRow]) -> None:
        assert tampering(lambda: self._make_anew(chain[4], 2)) == [
            "batch 3 does not follow the batch before it"
        ]

    def test_marks_of_rows_are_no_way_round(self, chain: list[AuditRow]) -> None:
        faults = tampering(lambda: AuditBatch.objects.filter(n=2).update(marks="0" * 48))
        assert faults == ["batch 2: the marks of its rows were changed"]

    def test_a_tail_hashed_again_is_found_by_a_hash_that_was_kept(
        self, chain: list[AuditRow]
    ) -> None:
        kept = prove().newest

        def forge() -> None:
            self._make_anew(chain[4], 2)
            third = AuditBatch.objects.get(n=3)
            third.previous = AuditBatch.objects.get(n=2).hash
            third.hash = audit_chain.hash_of(third, self._rows(third))
            third.save()

        assert tampering(forge) == []  # within itself it is whole
        assert f"hash {kept} is of no batch" in prove(kept).faults[0]
        assert prove(AuditBatch.objects.get(n=1).hash).faults == []

    def test_a_tail_cut_off_is_found_by_a_hash_that_was_kept(self, chain: list[AuditRow]) -> None:
        kept = prove().newest

        def cut() -> None:
            AuditBatch.objects.filter(n=3).delete()
            AuditRow.objects.filter(pk__gte=chain[6].pk).delete()

        assert tampering(cut) == []
        assert "is of no batch" in prove(kept).faults[0]

    def test_a_kept_hash_stays_in_the_chain_as_it_grows(self, chain: list[AuditRow]) -> None:
        kept = prove().newest
        write(20)
        close_due()
        assert prove(kept).faults == []
        assert prove().newest != kept

    def test_rows_that_no_worker_closes_are_a_fault(self, chain: list[AuditRow]) -> None:
        write(90)
        assert "wait to be closed" in prove().faults[0]

    def _rows(self, batch: AuditBatch) -> list[AuditRow]:
        return [
            AuditRow.objects.get(pk=n)
            for low, high in ranges_of(batch.ids)
            for n in range(low, high + 1)
        ]

    def _make_anew(self, row: AuditRow, n: int) -> None:
        """Change a row and give its batch the marks and the hash that go with it."""
        AuditRow.objects.filter(pk=row.pk).update(officer_id=8)
        batch = AuditBatch.objects.get(n=n)
        batch.marks = "".join(audit_chain.mark_of(each) for each in self._rows(batch))
        batch.hash = audit_chain.hash_of(batch, self._rows(batch))
        batch.save()


class TestCommand:
    def run(self, *words: str) -> tuple[int, str]:
        from wayhome.work.instance import ensure

        ensure()
        done = CliRunner().invoke(check, ["audit", *words], standalone_mode=False)
        code = done.return_value if isinstance(done.return_value, int) else 0
        return (code or done.exit_code), done.output

    def test_it_says_that_all_is_well_and_which_hash_to_keep(self, chain: list[AuditRow]) -> None:
        code, said = self.run()
        assert code == 0
        newest = AuditBatch.objects.latest("n").hash
        assert f"newest hash: {newest}" in said
        code, said = self.run("--expect", newest, "--json")
        assert code == 0
        assert json.loads(said)["newest"] == newest

    def test_it_fails_and_names_the_first_wrong_row(self, chain: list[AuditRow]) -> None:
        tampering(lambda: AuditRow.objects.filter(pk=chain[7].pk).update(why=""))
        code, said = self.run()
        assert code == 1
        assert f"FAULT batch 3: row {chain[7].pk} was changed" in said
        code, said = self.run("--json")
        assert code == 1
        assert json.loads(said)["faults"] == [f"batch 3: row {chain[7].pk} was changed"]

    def test_a_hash_of_another_chain_fails(self, chain: list[AuditRow]) -> None:
        assert self.run("--expect", "a" * 64)[0] == 1
