"""Delivery beside files, relays, issues and other workers that do what they should not."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from tests.support.factories import (
    Staff,
    cancel,
    enrol_one,
    mails,
    make_staff,
    own,
    publish,
    reach_of,
    said,
    stay,
    update,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, set_relays, takes
from wayhome.delivery import journal, planning, planning_sql, relays, sending
from wayhome.delivery.models import Attempt, Delivery, Slice, Total
from wayhome.delivery.recording import Tried
from wayhome.delivery.types import DeliveryKey, Outcome, Outgoing
from wayhome.travellers import contact_policy, erasure, retaining
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Reach, Traveller
from wayhome.trips import adding
from wayhome.trips.models import Stay
from wayhome.work import clock, connecting
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class SlowRelay(threading.Thread):
    """Offers PIPELINING; takes each content, after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.seconds, self.took = seconds, []

    def run(self) -> None:
        while True:
            peer, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer: socket.socket) -> None:
        if True:
            file = peer.makefile("rwb")

            def say(line: str, file: Any = file) -> None:
                file.write(line.encode() + b"\r\n")
                file.flush()

            say("220 slow")
            to = ""
            for raw in file:
                line = raw.decode().strip().upper()
                if line.startswith("EHLO"):
                    say("250-slow")
                    say("250 PIPELINING")
                elif line.startswith("RCPT"):
                    to = line
                    say("250 ok")
                elif line == "DATA":
                    say("354 go")
                    while file.readline() != b".\r\n":
                        pass
                    self.took.append((time.monotonic(), to))
                    time.sleep(self.seconds)
                    say("250 taken")
                elif line == "QUIT":
                    say("221 bye")
                    break
                else:
                    say("250 ok")


def test_a_journal_that_another_worker_looks_at_as_it_is_made_is_kept(
    staff: Staff, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_one("Ann")
    issue = publish(staff)
    work_but_sending()
    key = DeliveryKey(issue.pk, 0, ContactPoint.objects.get().pk, "mail")
    whole, seen = fcntl.flock, []

    def flock(file: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not seen:
            seen.append(1)
            journal.settle_orphans()  # what each sender of each worker does before each slice
        whole(file, how)

    monkeypatch.setattr(journal.fcntl, "flock", flock)
    mine = journal.Journal()
    assert mine.add(Tried(key, "sent", "250", "", "r", clock.now()))
    # It is killed now:
    import os

    os.close(mine._file)
    mine._file = -1
    journal.settle_orphans()
    assert Attempt.objects.filter(outcome="sent").count() == 1


@pytest.mark.parametrize("line", [b"0\n", b'["%s",1,0,1,"mail","r","d","","x"]\n'])
def test_a_spoilt_line_of_a_journal_stops_nobody(staff: Staff, outbox: Path, line: bytes) -> None:
    from wayhome.work.instance import stamp

    folder = outbox.parent / "journal"
    folder.mkdir(parents=True)
    line = line % stamp().encode() if b"%s" in line else line
    (folder / "1-dead.jsonl").write_bytes(line)
    enrol_one("Ann")
    publish(staff)
    work_but_sending()
    assert sending.send_one_slice()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite does one after the other")
def test_join_and_follow_at_once_open_a_delivery_once(
    outbox: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    from wayhome.delivery.proving.proof import prove
    from wayhome.work.models import Owed

    staff = make_staff()
    ann = enrol_one("Ann")
    first = publish(staff)
    work()
    last = update(staff, first)
    work_but_sending()
    point = ContactPoint.objects.get()
    travellers.suppress(point, "it bounced")
    work()
    assert Delivery.objects.get(issue_id=last.pk).state == "withdrawn"
    travellers.lift(staff.author, point.pk, "she called")
    Owed.objects.all().delete()  # two workers have leased them:
    meet = threading.Barrier(2)
    whole = planning_sql.open_again
    second_goes_on = threading.Event()
    order: list[str] = []

    def open_again(closed: Any) -> Any:
        meet.wait(10)  # both have read it as withdrawn
        opened = whole(closed)
        order.append(threading.current_thread().name)
        if len(order) == 2:  # it waited for the first one's commit, and is slow now
            second_goes_on.wait(10)
        return opened

    monkeypatch.setattr(planning_sql, "open_again", open_again)
    failures: list[BaseException] = []

    def run(what: Any, given: Any) -> None:
        try:
            what(*given)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connections.close_all()

    def answer(message: Outgoing) -> Outcome:
        relay.seen.append(message.message_id)
        if len(relay.seen) == 1:  # a sender has it in hand; the slower planner ends now
            second_goes_on.set()
            for thread in threads:
                thread.join(10)
            other = threading.Thread(target=run, args=(sending.send_one_slice, ()))
            other.start()
            other.join(10)
        return takes(message)

    relay = Scripted(answer=answer)
    relay.seen = []
    set_relays(monkeypatch, settings, relay)
    threads = [
        threading.Thread(target=run, args=(planning.plan, (last.pk, [ann.pk]))),
        threading.Thread(target=run, args=(planning.follow, ([point.pk],))),
    ]
    for thread in threads:
        thread.start()
    while len(order) < 2:
        time.sleep(0.01)
    while sending.send_one_slice():
        pass
    assert failures == []
    assert [rule for rule in prove() if rule.broken] == []
    assert Total.objects.filter(n__lt=0).count() == 0, list(Total.objects.filter(n__lt=0).values())
    assert len(relay.seen) == 1


def test_one_issue_that_fails_keeps_nobody_from_the_others(staff: Staff, outbox: Path) -> None:
    from wayhome.bulletins.models import Issue
    from wayhome.work.worker import run_until_idle

    old, new = publish(staff), publish(staff)
    work()
    # as when a new pack of places no longer knows a code
    Issue.objects.filter(pk=old.pk).update(region={"kind": "area", "code": "XX-GONE"})
    enrol_one("Ann")
    run_until_idle(20)
    assert set(mails(outbox, new)) == {"ann@example.org"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's ANALYZE")
def test_planning_waits_for_nobody_who_tends_another_table(outbox: Path) -> None:
    import psycopg

    staff = make_staff()
    enrol_one("Ann")
    issue = publish(staff)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE dispatch_step")  # as new: nobody has looked at it
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'dispatch_step' AND reltuples < 0"
        )
        assert cursor.fetchone()[0] == 1
    given = connection.get_connection_params()
    keep = {k: given[k] for k in ("dbname", "user", "password", "host", "port") if given.get(k)}
    with psycopg.connect(**keep) as other:
        # what CREATE INDEX CONCURRENTLY, VACUUM and ALTER TABLE ... VALIDATE hold
        other.execute("LOCK TABLE dispatch_step IN SHARE UPDATE EXCLUSIVE MODE")
        done = threading.Event()

        def plan() -> None:
            planning.plan(issue.pk)
            done.set()
            connections.close_all()

        thread = threading.Thread(target=plan, daemon=True)
        thread.start()
        planned = done.wait(5)
        other.rollback()
        thread.join(20)
    assert planned, "the warning was not planned while another table was tended"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's ANALYZE")
def test_a_table_that_was_looked_at_while_empty_is_looked_at_again() -> None:
    from tests.support import crowd
    from wayhome.work.db import know_tables

    def believed() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'traveller'")
            return float(cursor.fetchone()[0])

    ann = enrol_one("Ann")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traveller")
    crowd.people(ann, 20_000)
    assert believed() < 100
    know_tables()
    assert believed() == 20_001


@pytest.mark.parametrize("how", ["stopped", "too old", "suppressed and lifted"])
def test_a_cancel_follows_what_was_in_flight_when_a_worker_died(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from wayhome.bulletins.models import Issue

    ann = enrol_one("Ann")
    issue = publish(staff)
    work_but_sending()

    def dies(message: Outgoing) -> Outcome:
        relay.got.append(message)  # taken; the worker never hears it
        raise SystemExit("killed")

    relay = Scripted(answer=dies)
    set_relays(monkeypatch, settings, relay)
    Slice.objects.update(route=relays.SMTP)
    with pytest.raises(SystemExit):
        sending.send_one_slice()
    Slice.objects.update(lease_until=database_now() - timedelta(seconds=1))
    relay.answer = takes
    assert relay.addresses == ["ann@example.org"]  # she has it
    point = ContactPoint.objects.get()
    if how == "stopped":
        contact_policy.stop(reach_of(ann).pk, own(reach_of(ann)))
    elif how == "too old":
        Issue.objects.update(expires_at=clock.now())
        # (and she has left, and is reached no more by another way)
        Reach.objects.update(ended_at=clock.now())
    else:
        travellers.suppress(point, "it bounced")
    work()  # another worker finds that it may not go (any more)
    assert Delivery.objects.get().state in ("withdrawn", "too old")
    if how == "suppressed and lifted":
        Reach.objects.update(ended_at=clock.now())
    last = cancel(staff, issue)
    work()
    if how == "suppressed and lifted":
        travellers.lift(staff.author, point.pk, "she called")
        work()
    assert Delivery.objects.filter(issue_id=last.pk).count() == 1


def test_an_absurd_size_is_the_relays_fault(staff: Staff, settings: Any) -> None:
    class Small(SlowRelay):
        def serve(self, peer: socket.socket) -> None:
            file = peer.makefile("rwb")
            file.write(b"220 small\r\n")
            file.flush()
            for raw in file:
                is_hello = raw.upper().startswith(b"EHLO")
                file.write(b"250-small\r\n250 SIZE 100\r\n" if is_hello else b"250 ok\r\n")
                file.flush()

    relay = Small(0)
    relay.start()
    settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay.port}"
    for n in range(5):
        enrol_one(f"P{n}")
    publish(staff)
    work()
    assert Delivery.objects.filter(state="refused").count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a file has no server to do it")
def test_nobody_waits_long_for_who_stands_still_in_a_write(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WAYHOME_LEASE_SECONDS = 1
    monkeypatch.setattr(connecting, "LEAST_SECONDS", 1)
    enrol_one("Ann")
    stands, woken = threading.Event(), threading.Event()
    told: list[str] = []

    def stand_still() -> None:
        try:
            with transaction.atomic():
                Traveller.objects.update(name="Bob")
                stands.set()
                woken.wait(60)
                Traveller.objects.update(name="Bob")
        except DatabaseError as error:
            told.append(str(error))
        finally:
            connection.close()

    thread = threading.Thread(target=stand_still)
    thread.start()
    try:
        assert stands.wait(10)
        assert Traveller.objects.update(name="Cem") == 1  # waits for the row until it is free
        assert not woken.is_set()
    finally:
        woken.set()
        thread.join()
    assert len(told) == 1
    assert list(Traveller.objects.values_list("name", flat=True)) == ["Cem"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite does one after the other")
@pytest.mark.parametrize("by", ["whoever gave it", "its time"])
def test_an_address_is_not_erased_under_who_enrols_with_it(outbox: Path, by: str) -> None:
    """Their enrolment is written and not committed yet: an import takes a while."""
    if by == "its time":
        travellers.contact_point("mail", "home@example.org")
        ContactPoint.objects.update(made_at=clock.now() - timedelta(days=900))
    else:
        ann = enrol_one("Ann", mail="home@example.org")
    written, go_on = threading.Event(), threading.Event()

    def enrol_slowly() -> None:
        try:
            with transaction.atomic():
                enrol_one("Bob", mail="home@example.org")
                written.set()
                go_on.wait(60)
        finally:
            connection.close()

    def forget() -> None:
        try:
            if by == "its time":
                retaining.unused_points(clock.now() - timedelta(days=400), 0, False)
            else:
                asked = erasure.ask(ann.registrations.get(), erasure.Ask.SaidBy.SELF)
                assert erasure.carry_out(asked.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=enrol_slowly), threading.Thread(target=forget)]
    threads[0].start()
    assert written.wait(10)
    threads[1].start()
    threads[1].join(0.5)  # it waits, or is done
    go_on.set()
    for thread in threads:
        thread.join()
    point = Reach.objects.get(registration__traveller__name="Bob").contact_point
    assert (point.address, point.erased_at) == ("home@example.org", None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite does one after the other")
def test_a_press_that_reaches_two_processes_adds_one_trip(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = enrol_one("Ann").registrations.get()
    trip = said("Ann", stays=[stay("Erbil", 1, 5)])
    both, write = threading.Barrier(2), adding.write_trips

    def written_late(trips: Any) -> None:
        made = list(trips)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)  # both have looked, if nothing holds one of them
        write(made)

    monkeypatch.setattr(adding, "write_trips", written_late)

    def press() -> None:
        try:
            adding.add_trips([ann], trip)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Stay.objects.filter(words__icontains="Erbil").count() == 1
