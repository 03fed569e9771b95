"""A backup is put back: whoever was erased since is sealed shut in it, and is erased again; nobody
else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.database import DATABASE
from tests.support.commands import Instance, fresh_instance

pytestmark = pytest.mark.acceptance

HEADER = "reference,name,mail,place,country,arrive\n"
_FACTS = """
from wayhome.ops.ready import ready
ready()
from wayhome.travellers import private
from wayhome.travellers.models import Registration
for each in Registration.objects.order_by("pk"):
    {set}
    print(each.pk, each.traveller.name, [fact.words for fact in private.own_facts([each.pk])])
"""
_WORK = """
from wayhome.ops.ready import ready
ready()
from wayhome.work.worker import run_until_idle
run_until_idle()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with fresh_instance(tmp_path / "data") as made:
        assert made.run("migrate").returncode == 0
        for name, role in (("ines", "officer"), ("jonas", "approver")):
            given = made.run("officer", "add", f"{name}@x.example", "--name", name, "--role", role)
            assert given.returncode == 0, given.stderr
        yield made


def python(instance: Instance, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**instance.environment, "DJANGO_SETTINGS_MODULE": "wayhome.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def enrol(instance: Instance, folder: Path, *names: str) -> None:
    file = folder / "people.csv"
    lines = [f"{name},{name},{name.lower()}@x.example,Mosul,IQ,2026-01-01\n" for name in names]
    file.write_text(HEADER + "".join(lines), encoding="utf-8")
    assert instance.json("enrol", "import", str(file))["enrolled"] == len(names)


def facts(instance: Instance, *, say: str = "") -> list[str]:
    setting = f"private.set_words(each, 'medical', {say!r} + each.traveller.name)" if say else ""
    return python(instance, _FACTS.format(set=setting)).splitlines()


def back_up(instance: Instance, to: Path) -> None:
    url = instance.environment.get("WAYHOME_DATABASE_URL")
    if DATABASE == "postgres":
        assert url
        subprocess.run(["pg_dump", "-Fc", "-f", str(to), "-d", _libpq(url)], check=True)
    else:
        shutil.copy(Path(instance.environment["WAYHOME_DATA_DIR"]) / "wayhome.sqlite3", to)


def put_back(instance: Instance, backup: Path) -> None:
    url = instance.environment.get("WAYHOME_DATABASE_URL")
    if DATABASE != "postgres":
        file = Path(instance.environment["WAYHOME_DATA_DIR"]) / "wayhome.sqlite3"
        for rest in file.parent.glob("wayhome.sqlite3-*"):
            rest.unlink()
        shutil.copy(backup, file)
        return
    assert url
    name = url.rpartition("/")[2]
    with psycopg.connect(os.environ["WAYHOME_DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    subprocess.run(["pg_restore", "-d", _libpq(url), str(backup)], check=True)


def _libpq(url: str) -> str:
    return url.replace("postgres://", "postgresql://", 1)


def test_a_restored_backup_is_erased_again(instance: Instance, tmp_path: Path) -> None:
    enrol(instance, tmp_path, "Zebulon", "Ben")
    said = facts(instance, say="insulin for ")
    assert said[0].endswith("Zebulon ['insulin for Zebulon']")
    zebulon = said[0].split()[0]
    backup = tmp_path / "backup"
    back_up(instance, backup)
    assert b"insulin" not in backup.read_bytes()

    enrol(instance, tmp_path, "Eve")  # comes and goes after the backup
    eve = facts(instance)[-1].split()[0]
    for number in (zebulon, eve):
        asked = instance.run(
            "privacy", "erase", number, "--why", "by letter", "--as", "jonas@x.example"
        )
        assert asked.returncode == 0, asked.stderr
    assert len(instance.json("privacy", "asks")) == 2
    python(instance, _WORK)
    assert instance.json("privacy", "asks") == []
    assert [line.split()[1] for line in facts(instance)] == ["(erased)", "Ben", "(erased)"]

    put_back(instance, backup)
    enrol(instance, tmp_path, "Dan")  # and gets the number that Eve had
    restored = facts(instance)
    assert restored[0].endswith("Zebulon ['(erased)']"), "sealed shut, before anything is done"
    assert restored[1].endswith("Ben ['insulin for Ben']")
    assert restored[2].split()[:2] == [eve, "Dan"]
    again = instance.json("privacy", "reapply")
    assert (again["tombstones"], again["erased_again"]) == (2, [int(zebulon)])
    assert [line.split()[1] for line in facts(instance)] == ["(erased)", "Ben", "Dan"]
    assert instance.json("privacy", "reapply")["erased_again"] == []
    assert instance.run("privacy", "compact").returncode == 0
    leaves = tmp_path / "leaves"
    back_up(instance, leaves)
    if DATABASE != "postgres":  # what pg_dump writes is compressed
        assert b"ebulon" not in leaves.read_bytes()
    assert instance.run("check").returncode in (0, 1)


def test_keys_are_rotated_by_command(instance: Instance, tmp_path: Path) -> None:
    enrol(instance, tmp_path, "Ann")
    facts(instance, say="insulin for ")
    (old,) = instance.json("keys", "status")
    assert (old["wraps"], old["may_be_dropped"]) == (1, False)
    new = instance.json("keys", "add")["name"]
    refused = instance.run("keys", "drop", old["name"])
    assert (refused.returncode, "wraps new keys" in refused.stderr) == (2, True)
    assert instance.json("keys", "rotate") == {"wrapped": 1, "by": new}
    assert [line["may_be_dropped"] for line in instance.json("keys", "status")] == [True, False]
    assert instance.run("keys", "drop", old["name"]).returncode == 0
    assert facts(instance) == ["1 Ann ['insulin for Ann']"]


def test_a_host_with_another_store_says_so(instance: Instance, tmp_path: Path) -> None:
    enrol(instance, tmp_path, "Ann")
    facts(instance, say="insulin for ")
    data = Path(instance.environment["WAYHOME_DATA_DIR"])
    (data / "keys.sqlite3").rename(tmp_path / "keys.sqlite3")
    checked = instance.run("check")
    assert checked.returncode == 1
    assert "not the key store" in checked.stdout
    for rest in data.glob("keys.sqlite3*"):
        rest.unlink()
    (tmp_path / "keys.sqlite3").rename(data / "keys.sqlite3")
    assert facts(instance) == ["1 Ann ['insulin for Ann']"]
