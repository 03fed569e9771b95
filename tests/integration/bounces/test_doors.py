"""The doors by which mail comes back, each with what a relay or a mailbox really does."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections

from tests.support import returned
from tests.support.deliveries import point_of, sent, totals, words
from tests.support.instance import wait_for
from wayhome.delivery.bounces import doors, health, lmtp, maildir
from wayhome.delivery.models import Receipt
from wayhome.delivery.return_path import return_path
from wayhome.delivery.types import DeliveryKey
from wayhome.problems import Problem

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
ANN = "ann@example.org"


@pytest.fixture
def key() -> DeliveryKey:
    return sent(point_of("Ann Ash"))


class TestMaildir:
    @pytest.fixture
    def box(self, settings: Any, tmp_path: Path) -> Path:
        folder = tmp_path / "Maildir"
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        settings.WAYHOME_BOUNCE_MAILDIR = str(folder)
        return folder

    @pytest.fixture(autouse=True)
    def _afresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(maildir, "_passed_over", set())

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir())

    def test_reports_are_taken_and_what_no_rule_knows_is_flagged(
        self, box: Path, key: DeliveryKey
    ) -> None:
        to = return_path(*key)
        (box / "new" / "1.a.host").write_bytes(returned.dsn(to, ANN))
        (box / "new" / "2.a.host").write_bytes(returned.from_a_person(to))
        (box / "new" / "3.a.host:2,").write_bytes(returned.out_of_office(to))
        (box / "new" / ".hidden").write_bytes(b"a file being written by a stranger")
        assert maildir.take_some()
        assert self.names(box / "cur") == ["1.a.host:2,S", "2.a.host:2,FS", "3.a.host:2,S"]
        assert self.names(box / "new") == [".hidden"]
        assert (box / "cur" / "2.a.host:2,FS").read_bytes() == returned.from_a_person(to)
        assert words(key) == [("bounced", "dsn", "5.1.1")]
        assert not maildir.take_some()

    @pytest.mark.parametrize("field", ["X-Original-To", "Delivered-To", "Envelope-To"])
    def test_the_envelope_is_found_in_the_fields(
        self, box: Path, key: DeliveryKey, field: str
    ) -> None:
        raw = f"{field}: {return_path(*key)}\r\n".encode() + returned.dsn("list@x.example", ANN)
        (box / "new" / "1").write_bytes(raw)
        maildir.take_some()
        assert words(key) == [("bounced", "dsn", "5.1.1")]

    def test_a_worker_killed_before_it_moves_the_file_takes_it_again(
        self, box: Path, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            pass

        def killed(*_: object) -> None:
            raise Killed

        (box / "new" / "1").write_bytes(returned.dsn(return_path(*key), ANN))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", killed)
            with pytest.raises(Killed):
                maildir.take_some()
        assert len(words(key)) == 1  # it had committed
        assert self.names(box / "new") == ["1"]
        assert maildir.take_some()
        assert self.names(box / "cur") == ["1:2,S"]
        assert len(words(key)) == 1
        assert totals() == {(7, "example.org", "bounced", "5.1.1"): 1}

    def test_a_file_that_another_worker_has_moved_is_passed(
        self, box: Path, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = box / "new" / "1"
        path.write_bytes(returned.dsn(return_path(*key), ANN))
        take = doors.receive

        def overtaken(raw: bytes, to: str) -> object:
            path.rename(box / "cur" / "1:2,S")
            return take(raw, to)

        monkeypatch.setattr(doors, "receive", overtaken)
        assert maildir.take_some()
        assert self.names(box / "cur") == ["1:2,S"]
        monkeypatch.setattr(maildir, "_waiting", lambda new: iter(["1"]))
        maildir.take_some()  # it is not there any more
        assert len(words(key)) == 1

    def test_a_database_that_is_away_leaves_every_file(
        self, box: Path, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object) -> None:
            raise OperationalError("away")

        (box / "new" / "1").write_bytes(returned.dsn(return_path(*key), ANN))
        with monkeypatch.context() as patch:
            patch.setattr(doors, "take", away)
            # The worker knows this error, waits and comes again.
            with pytest.raises(OperationalError, match="away"):
                maildir.take_some()
        assert self.names(box / "new") == ["1"]
        maildir.take_some()
        assert len(words(key)) == 1

    def test_a_file_that_cannot_be_read_holds_up_no_other(
        self, box: Path, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maildir, "_AT_ONCE", 1)
        (box / "new" / "0").mkdir()
        (box / "new" / "1").write_bytes(returned.dsn(return_path(*key), ANN))
        while maildir.take_some():
            pass
        assert self.names(box / "cur") == ["1:2,S"]
        assert len(words(key)) == 1

    def test_two_workers_take_each_once(self, box: Path) -> None:
        keys = [sent(point_of(f"P{number}")) for number in range(40)]
        for number, each in enumerate(keys):
            raw = returned.dsn(return_path(*each), f"p{number}@example.org", "5.7.1")
            (box / "new" / f"{number:03}").write_bytes(raw)
        faults: list[BaseException] = []

        def work() -> None:
            try:
                while maildir.take_some():
                    pass
            except BaseException as error:  # noqa: BLE001  (shown by the test)
                faults.append(error)
            finally:
                connections.close_all()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert faults == []
        assert not self.names(box / "new")
        assert len(self.names(box / "cur")) == 40
        assert [len(words(each)) for each in keys] == [1] * 40
        assert totals() == {(7, "example.org", "bounced", "5.7.1"): 40}

    def test_without_a_place_to_move_them_files_stay_and_are_said_once(
        self, box: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (box / "cur").rmdir()
        (box / "new" / "1.a.host").write_bytes(b"Subject: x\r\n\r\ny\r\n")
        maildir.take_some()
        assert not maildir.take_some(), "the worker rests between two tries"
        assert self.names(box / "new") == ["1.a.host"]
        assert len(caplog.records) == 1

    def test_a_folder_that_is_none_is_said(self, settings: Any, box: Path, tmp_path: Path) -> None:
        assert health.faults() == []
        settings.WAYHOME_BOUNCE_MAILDIR = str(tmp_path / "nowhere")
        assert not maildir.take_some()
        (fault,) = health.faults()
        assert fault.startswith("WAYHOME_BOUNCE_MAILDIR: ")
        settings.WAYHOME_BOUNCE_MAILDIR = ""
        assert not maildir.take_some()
        assert health.faults() == []


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Lmtp:
    """A door in a thread of this process, and a client's view of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.stop = threading.Event()
        self.thread = threading.Thread(target=lmtp.run, args=(self.stop,))

    def client(self) -> smtplib.LMTP:
        return smtplib.LMTP("127.0.0.1", self.port, local_hostname="relay.example")

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return client.noop()[0] == 250
        except OSError:
            return False

    def send(self, raw: bytes, to: str, sender: str = "") -> tuple[int, str]:
        """The answer to the message, or to what was refused before it."""
        with self.client() as client:
            try:
                client.ehlo_or_helo_if_needed()
                client.mail(sender, ["SMTPUTF8"] if not to.isascii() else [])
                code, said = client.rcpt(to)
                if code < 300:
                    code, said = client.data(raw)
            except smtplib.SMTPDataError as error:
                code, said = error.smtp_code, error.smtp_error  # type: ignore[assignment]
            return code, said.decode()


@pytest.fixture
def door(settings: Any) -> Iterator[Lmtp]:
    port = free_port()
    settings.WAYHOME_BOUNCE_LMTP = f"127.0.0.1:{port}"
    made = Lmtp(port)
    made.thread.start()
    wait_for(made.answers, "the door is open")
    yield made
    made.stop.set()
    made.thread.join(60)
    assert not made.thread.is_alive()


class TestLmtp:
    def test_a_report_is_written_before_it_is_taken(self, door: Lmtp, key: DeliveryKey) -> None:
        to = return_path(*key)
        assert door.send(returned.dsn(to, ANN), to) == (250, "2.0.0 recorded")
        assert words(key) == [("bounced", "dsn", "5.1.1")]
        assert door.send(returned.dsn(to, ANN), to.upper()) == (250, "2.0.0 known")
        assert door.send(returned.out_of_office(to), to, ANN) == (250, "2.0.0 automatic")
        assert len(words(key)) == 1

    def test_many_messages_on_one_connection(self, door: Lmtp) -> None:
        keys = [sent(point_of(f"P{number}")) for number in range(5)]
        with door.client() as client:
            for number, each in enumerate(keys):
                to = return_path(*each)
                assert client.sendmail("", [to], returned.dsn(to, f"p{number}@example.org")) == {}
        assert [len(words(each)) for each in keys] == [1] * 5

    @pytest.mark.parametrize(
        "to",
        ["bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@wayhome.example", "x@wayhome.example",
         "bounces+ü@wayhome.example", "<>"],
    )  # fmt: skip
    def test_a_recipient_that_is_not_ours_is_refused(
        self, door: Lmtp, key: DeliveryKey, to: str
    ) -> None:
        code, _ = door.send(returned.dsn(return_path(*key), ANN), to)
        assert code in (550, 553) if to != "<>" else code >= 500
        assert not Receipt.objects.exists()

    def test_one_recipient_a_transaction(self, door: Lmtp, key: DeliveryKey) -> None:
        other = sent(point_of("Bob"))
        with door.client() as client:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            assert client.rcpt(return_path(*key))[0] == 250
            assert client.rcpt(return_path(*other))[0] == 452
            assert client.data(returned.dsn("x", ANN))[0] == 250
            assert client.noop()[0] == 250  # the session is in step
        assert (len(words(key)), len(words(other))) == (1, 0)

    def test_people_are_kept(self, door: Lmtp, key: DeliveryKey) -> None:
        for to in (return_path(*key), "bounces@wayhome.example"):
            assert door.send(returned.from_a_person(to), to, ANN) == (250, "2.0.0 kept")
        kept = sorted((doors.kept_folder() / "new").iterdir())
        assert [b"I need help" in path.read_bytes() for path in kept] == [True, True]
        assert health.count_kept() == 2
        assert health.faults() == []

    @pytest.mark.parametrize("error", [OperationalError("away"), OSError("disk full")])
    def test_what_cannot_be_written_stays_with_the_relay(
        self,
        door: Lmtp,
        key: DeliveryKey,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        def away(*_: object) -> None:
            raise error

        to = return_path(*key)
        with monkeypatch.context() as patch:
            patch.setattr(doors, "take" if isinstance(error, OperationalError) else "receive", away)
            assert door.send(returned.dsn(to, ANN), to)[0] == 451
        assert not Receipt.objects.exists()
        assert door.send(returned.dsn(to, ANN), to) == (250, "2.0.0 recorded")
        assert len(words(key)) == 1

    def test_long_lines_are_no_reason_to_lose_a_report(self, door: Lmtp, key: DeliveryKey) -> None:
        to = return_path(*key)
        raw = returned.dsn(to, ANN, returned="x" * 300_000)
        assert door.send(raw, to) == (250, "2.0.0 recorded")

    def test_a_message_too_large_is_refused_and_the_next_is_taken(
        self, door: Lmtp, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        to = return_path(*key)
        raw = returned.dsn(to, ANN, returned=("x" * 999 + "\n") * (doors.MOST_OCTETS // 1000))
        with door.client() as client:
            client.ehlo_or_helo_if_needed()
            assert client.esmtp_features["size"] == str(doors.MOST_OCTETS)
            client.mail("")
            client.rcpt(to)
            assert client.data(raw)[0] == 552
            client.mail("")
            client.rcpt(to)
            assert client.data(returned.dsn(to, ANN))[0] == 250
        assert len(words(key)) == 1

    def test_a_connection_lost_in_mid_message_writes_nothing(
        self, door: Lmtp, key: DeliveryKey
    ) -> None:
        to = return_path(*key)
        client = door.client()
        client.ehlo_or_helo_if_needed()
        client.mail("")
        client.rcpt(to)
        assert client.docmd("DATA")[0] == 354
        client.send(returned.dsn(to, ANN))
        client.close()
        assert door.send(returned.out_of_office(to), to) == (250, "2.0.0 automatic")
        assert not Receipt.objects.exists()

    def test_workers_of_one_host_share_the_port(self, door: Lmtp, key: DeliveryKey) -> None:
        second = Lmtp(door.port)
        second.thread.start()
        try:
            to = return_path(*key)
            for _ in range(20):
                assert door.send(returned.dsn(to, ANN), to)[0] == 250
        finally:
            second.stop.set()
            second.thread.join(60)
        assert not second.thread.is_alive()
        assert door.send(returned.dsn(to, ANN), to) == (250, "2.0.0 known")
        assert len(words(key)) == 1

    def test_a_port_that_is_anothers_is_waited_for(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(lmtp, "_AGAIN_SECONDS", 0.05)
        port = free_port()
        settings.WAYHOME_BOUNCE_LMTP = f"127.0.0.1:{port}"
        door = Lmtp(port)
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))
            other.listen()
            door.thread.start()
            wait_for(lambda: "WAYHOME_BOUNCE_LMTP: " in caplog.text, "it says so")
        wait_for(door.answers, "the door is open")
        door.stop.set()
        door.thread.join(60)
        assert not door.thread.is_alive()


def test_an_address_without_a_port_is_said(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    for setting in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "host:70000", ":0"):
        settings.WAYHOME_BOUNCE_LMTP = setting
        with pytest.raises(Problem):
            lmtp.address_of(setting)
        assert len(health.faults()) == 1
        lmtp.run(threading.Event())  # returns, having said it
        assert setting in caplog.text
    assert lmtp.address_of("[::1]:2400") == ("::1", 2400)


def test_without_the_setting_there_is_no_door(settings: Any) -> None:
    settings.WAYHOME_BOUNCE_LMTP = ""
    lmtp.run(threading.Event())


@pytest.mark.parametrize(
    "there", [(), ("data",), ("data", "data/mail-kept"), ("data/mail-kept/cur",)]
)
def test_what_is_kept_finds_its_folder_however_much_of_it_is_there(
    settings: Any, tmp_path: Path, there: tuple[str, ...]
) -> None:
    settings.WAYHOME_DATA_DIR = tmp_path / "data"
    for folder in there:  # of a host without one, or of another door that is just making it
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    doors.keep(b"Subject: I need help\r\n\r\n")
    (kept,) = (doors.kept_folder() / "new").iterdir()
    assert b"I need help" in kept.read_bytes()
