"""People's keys and master keys: kept apart, rotated while all goes on, destroyed for good."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.database import DATABASE
from tests.support.factories import enrol_one
from wayhome.problems import Problem
from wayhome.travellers import key_store, master_keys, rekeying, sealing
from wayhome.travellers.models import Traveller
from wayhome.travellers.sealing import ERASED, Sealed, WrongKeys, seal, unseal, unseal_many

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PLACE = "reply_private.sealed"


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> Path:
    """A data folder of its own: keys, master keys."""
    settings.WAYHOME_DATA_DIR = tmp_path
    return tmp_path


def sealed(person: Traveller, words: str = "I hide in the cellar", row: int = 1) -> Sealed:
    key_id, octets = seal(person, words, place=PLACE, row=row)
    return Sealed(key_id, octets, PLACE, row)


def word(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def test_words_open_again_and_never_stand_in_plain() -> None:
    kept = sealed(enrol_one("Ann"))
    assert unseal(kept) == "I hide in the cellar"
    assert b"cellar" not in kept.octets
    assert kept.octets != sealed(Traveller.objects.get()).octets


def test_what_is_moved_to_another_row_field_or_person_does_not_open() -> None:
    ann, ben = enrol_one("Ann"), enrol_one("Ben")
    kept, other = sealed(ann), sealed(ben, "I am at home")
    for moved in (
        Sealed(kept.key_id, kept.octets, PLACE, 2),
        Sealed(kept.key_id, kept.octets, "traveller_private.sealed", 1),
        Sealed(other.key_id, kept.octets, PLACE, 1),
        Sealed(kept.key_id, kept.octets[:-1] + bytes([kept.octets[-1] ^ 1]), PLACE, 1),
    ):
        with pytest.raises(WrongKeys):
            unseal(moved)


def test_a_destroyed_key_is_gone_from_the_file_and_nothing_opens(data: Path) -> None:
    ann, ben = enrol_one("Ann"), enrol_one("Ben")
    kept, other = sealed(ann), sealed(ben, "I am at home")
    wrapped = key_store.get([kept.key_id])[kept.key_id].wrapped
    assert wrapped in (data / "keys.sqlite3").read_bytes() + wal(data)
    assert key_store.destroy([ann.pk]) == 1
    assert unseal_many([kept, other]) == [ERASED, "I am at home"]
    assert wrapped not in (data / "keys.sqlite3").read_bytes() + wal(data)


def wal(data: Path) -> bytes:
    file = data / "keys.sqlite3-wal"
    return file.read_bytes() if file.exists() else b""


def test_keys_and_master_keys_are_for_their_owner_alone(data: Path) -> None:
    sealed(enrol_one("Ann"))
    for name in ("keys.sqlite3", "master.keys"):
        assert (data / name).stat().st_mode & 0o777 == 0o600


def test_rotating_wraps_every_key_again_and_lets_the_old_one_go() -> None:
    people = [enrol_one(name) for name in ("Ann", "Ben", "Cal")]
    kept = [sealed(person, f"words of {person.name}") for person in people]
    (old,) = master_keys.held()
    new = master_keys.add()
    assert sealing.master_in_use() == old, "a key that other hosts may lack wraps nothing yet"
    with pytest.raises(Problem, match="wraps new keys"):
        rekeying.drop(old)
    assert rekeying.rotate() == 3
    assert {line.name: line.wraps for line in rekeying.masters()} == {old: 0, new: 3}
    rekeying.drop(old)
    assert list(master_keys.held()) == [new]
    assert unseal_many(kept) == [f"words of {person.name}" for person in people]
    assert unseal(sealed(enrol_one("Dan"))) == "I hide in the cellar"


def test_stopped_half_way_it_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [sealed(enrol_one(name)) for name in ("Ann", "Ben", "Cal")]
    (old,) = master_keys.held()
    master_keys.add()
    monkeypatch.setattr(rekeying, "CHUNK", 1)

    def killed(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rekeying.rotate(killed)
    assert key_store.counts()[old] == 1
    with pytest.raises(Problem, match="still wraps 1 keys"):
        rekeying.drop(old)
    assert unseal_many(kept) == ["I hide in the cellar"] * 3, "both are held meanwhile"
    assert rekeying.rotate() == 1
    rekeying.drop(old)
    assert unseal_many(kept) == ["I hide in the cellar"] * 3


def test_a_key_made_or_destroyed_while_it_rotates_is_neither_lost_nor_brought_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, ben = enrol_one("Ann"), enrol_one("Ben")
    gone, kept = sealed(ann), sealed(ben)
    master_keys.add()
    real = key_store.rewrap

    def destroyed_first(old: key_store.StoredKey, master: str, wrapped: bytes) -> bool:
        if old.traveller_id == ann.pk:
            key_store.destroy([ann.pk])
        return real(old, master, wrapped)

    monkeypatch.setattr(key_store, "rewrap", destroyed_first)
    assert rekeying.rotate() == 1
    assert unseal_many([gone, kept]) == [ERASED, "I hide in the cellar"]


def test_a_file_of_keys_is_read_again_when_it_changes(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "given.keys"
    file.write_text(f"{word('one')}\n")
    settings.WAYHOME_MASTER_KEYS_FILE = str(file)
    kept = sealed(enrol_one("Ann"))
    file.write_text(f"{file.read_text()}{word('two')}\n")
    assert list(master_keys.held()) == ["one", "two"]
    assert rekeying.rotate() == 1
    assert unseal(kept) == "I hide in the cellar"


def test_a_host_without_the_master_key_says_which_it_lacks(settings: Any) -> None:
    kept = sealed(enrol_one("Ann"))
    (held,) = master_keys.held()
    settings.WAYHOME_MASTER_KEYS = word("other")
    with pytest.raises(WrongKeys, match=f"{held} is not held here"):
        unseal(kept)
    assert len(rekeying.faults()) == 1
    settings.WAYHOME_MASTER_KEYS = word(held)
    with pytest.raises(WrongKeys, match="another key than the one that wrapped"):
        unseal(kept)


@pytest.mark.parametrize("given", ["", "one", "one:AAAA", "one:no base64", ":" + "A" * 43 + "="])
def test_what_is_no_master_key_is_refused(settings: Any, given: str) -> None:
    settings.WAYHOME_MASTER_KEYS = given or " "
    with pytest.raises(Problem, match="WAYHOME_MASTER_KEYS"):
        master_keys.held()


def test_a_lost_or_foreign_store_does_not_pass_for_erased(settings: Any, data: Path) -> None:
    kept = sealed(enrol_one("Ann"))
    elsewhere = data / "elsewhere"
    elsewhere.mkdir()
    settings.WAYHOME_DATA_DIR = elsewhere
    with pytest.raises(WrongKeys, match="not the key store"):
        unseal(kept)
    settings.WAYHOME_DATA_DIR = data
    assert unseal(kept) == "I hide in the cellar"


@pytest.fixture
def server(settings: Any) -> Iterator[str]:
    """A database of keys on a server, as several hosts share it."""
    if DATABASE != "postgres":
        pytest.skip("a shared store is on PostgreSQL")
    url, name = os.environ["WAYHOME_DATABASE_URL"], f"test_wayhome_keys_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    settings.WAYHOME_KEYS_URL = f"{url.rpartition('/')[0]}/{name}"
    yield settings.WAYHOME_KEYS_URL
    key_store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def test_a_store_on_a_server_is_shared_rotated_and_survives_its_restart(
    server: str, settings: Any, tmp_path: Path
) -> None:
    ann, ben = enrol_one("Ann"), enrol_one("Ben")
    kept, gone = sealed(ann), sealed(ben)
    (old,) = master_keys.held()
    master_keys.add()
    assert rekeying.rotate() == 2
    assert {line.name: line.wraps for line in rekeying.masters()}[old] == 0
    with psycopg.connect(server, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert key_store.destroy([ben.pk]) == 1
    assert unseal_many([kept, gone]) == ["I hide in the cellar", ERASED]
    assert not (tmp_path / "keys.sqlite3").exists()
    assert rekeying.faults() == []


def test_keys_in_the_main_database_are_a_fault(settings: Any) -> None:
    if DATABASE != "postgres":
        pytest.skip("the embedded database has no address")
    main = settings.DATABASES["default"]
    settings.WAYHOME_KEYS_URL = f"postgres://{main.get('HOST') or ''}/{main['NAME']}"
    (fault,) = rekeying.faults()
    assert "is the main database" in fault
