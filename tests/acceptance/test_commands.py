"""The command line: clear errors on one line, the right exit code, nothing half-written."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Instance, fresh_instance

pytestmark = pytest.mark.acceptance
FIVE = ["IQ-AN", "IQ-DI", "IQ-KI", "IQ-NI", "IQ-SD"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory):
    with fresh_instance(tmp_path_factory.mktemp("data")) as made:
        assert made.run("migrate").returncode == 0
        yield made


def test_five_provinces_and_nothing_else(instance: Instance) -> None:
    words = "Anbar, Nineveh, Salahuddin, Diyala and Tamim provinces, Iraq"
    assert instance.json("places", "region", words)["codes"] == FIVE


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["places", "region", "Nowhereland"], "region"),
        (["audience", "--region", "Iraq", "--from", "2026-02-30", "--to", "2026-03-01"], "from"),
        (["audience", "--region", "Iraq", "--from", "2026-03-02", "--to", "2026-03-01"], "to"),
        (["audience", "--region", "Iraq"], "from"),
        (["audience", "--region", "{", "--from", "2026-03-01", "--to", "2026-03-01"], "region"),
        (["enrol", "import", "/nowhere.csv"], "file"),
        (["officer", "add", "not-an-address", "--name", "X"], "email"),
        (["officer", "add", "x@example.org", "--name", "X", "--role", "king"], "role"),
        (["muster", "show", "999"], "muster_id"),
        (["bulletin", "submit", "999", "--as", "nobody@example.org"], "as"),
    ],
)
def test_bad_input_names_the_field(instance: Instance, arguments: list[str], field: str) -> None:
    done = instance.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.lower().startswith(field), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as empty:
        done = empty.run("owed")
        assert done.returncode == 1
        assert "wayhome migrate" in done.stderr


def test_an_exercise_and_a_live_process_do_not_share_a_database(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as live:
        assert live.run("migrate").returncode == 0
        exercise = Instance({**live.environment, "WAYHOME_EXERCISE": "true"})
        for command in (["owed"], ["worker", "--once"], ["migrate"]):
            done = exercise.run(*command)
            assert done.returncode == 1
            assert "WAYHOME_EXERCISE" in done.stderr


def test_import_keeps_good_parties_whole_and_names_the_rest(
    instance: Instance, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "reference,party,name,minor,mail,place,country,arrive,depart\n"
        "g1,good,Ann Good,,ann.good@example.org,Mosul,IQ,2026-01-01,2026-02-01\n"
        "g2,good,Kid Good,yes,,Mosul,IQ,2026-01-01,2026-02-01\n"
        "b1,bad,Bob Bad,,bob.bad@example.org,Mosul,IQ,2026-01-01,2026-02-01\n"
        "b2,bad,Kid Bad,yes,,Nosuchtown,IQ,2026-01-01,2026-02-01\n"
        "c1,,Cy Back,,cy@example.org,Mosul,IQ,2026-02-01,2026-01-01\n"
        "d1,,<b>Dee</b>,,dee@example.org,Mosul,IQ,01/02/2026,\n",
        encoding="utf-8",
    )
    done = instance.run("enrol", "import", str(path), "--json")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in lines] == ["line 5", "line 6", "line 7"]
    counted = instance.json(
        "audience", "--region", "Nineveh, Iraq", "--from", "2026-01-10", "--to", "2026-01-10"
    )
    assert counted["people"] == 2  # the good party, whole; nobody of the bad one


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,place\nA,B\n", "lacks arrive"),
        (b"name,place,arrive,shoe\nA,B,2026-01-01,44\n", "unknown"),
        (b"name,place,arrive\nA,B\n", "has 2 values"),
        (b"name,place,arrive\n\xff\xfe,B,2026-01-01\n", "not UTF-8"),
        (b'name,place,arrive\n"A,B,2026-01-01\n', "no CSV"),
        (b"", "lacks name"),
    ],
)
def test_a_broken_file_is_refused_whole(
    instance: Instance, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    done = instance.run("enrol", "import", str(path))
    assert done.returncode == 2
    assert words in done.stderr


def measured(instance: Instance, *arguments: str) -> Any:
    """What a bench says; it reads its settings afresh, for it has a database of its own."""
    done = instance.run_cold("bench", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_bench_enrols_through_the_page_and_loses_nobody(instance: Instance) -> None:
    answer = measured(instance, "enrol", "--enrolments", "100", "--rate", "40")
    own, surge, bare = answer["ways"]
    assert own["enrolments"] == surge["enrolments"] == bare["enrolments"] == 100
    assert own["per_second"] > 0
    assert surge["p99_ms"] > 0


def test_bench_imports_beside_the_bare_writing_of_the_same_rows(instance: Instance) -> None:
    answer = measured(instance, "import", "--rows", "1000")
    assert answer["rows"] == 1000
    assert all(way["per_second"] > 0 for way in answer["ways"])


def test_bench_prints_its_time_beside_a_scan(instance: Instance) -> None:
    answer = measured(instance, "audience", "--stays", "3000")
    assert len(answer["regions"]) == 5
    for line in answer["regions"]:
        assert line["keyed_ms"] > 0
        assert line["scan_ms"] > 0


def test_an_alarm_fails_the_check_and_a_stop_is_for_officers(tmp_path: Path) -> None:
    with fresh_instance(tmp_path / "data", WAYHOME_ALARM_MINUTES="0") as instance:
        assert instance.run("migrate").returncode == 0
        for name, role in (("ines", "officer"), ("jonas", "approver"), ("vera", "viewer")):
            instance.run("officer", "add", f"{name}@example.org", "--name", name, "--role", role)
        (tmp_path / "people.csv").write_text(
            "name,mail,place,country,arrive,depart,verified\n"
            "Ann Ash,ann@example.org,Mosul,IQ,2026-01-01,,2026-01-01\n"
        )
        instance.json("enrol", "import", str(tmp_path / "people.csv"))
        text = {
            "language": "en", "headline": "Leave", "body": "Fighting.", "instruction": "Go.",
            "correction": "Calm.",
        }  # fmt: skip
        said = {
            "kind": "warning", "region": "Nineveh, Iraq", "source": "Embassy",
            "hazard": "fighting", "expires_at": "2030-01-01T00:00:00Z", "texts": [text],
        }  # fmt: skip
        (tmp_path / "warning.json").write_text(json.dumps(said))
        ines, jonas = ("--as", "ines@example.org"), ("--as", "jonas@example.org")
        instance.json("bulletin", "draft", str(tmp_path / "warning.json"), *ines)
        instance.json("bulletin", "submit", "1", *ines)
        assert instance.run("worker", "--once").returncode == 0
        instance.json("bulletin", "sign", "1", "--readback", "1", "--expect-count", "1", *jonas)
        instance.json("bulletin", "publish", "1", "--expect-count", "1", *ines)

        late = instance.run("check")
        assert late.returncode == 1
        assert "issue 1: not planned within 0 minutes; See that a worker runs" in late.stdout

        stopped = instance.json("bulletin", "stop", "1", "--why", "The road is open", *ines)
        assert stopped["held_why"] == "stopped"
        assert instance.run("worker", "--once").returncode == 0
        held = instance.run("bulletin", "progress", "1")
        assert "held: 1" in held.stdout
        assert "The road is open" in held.stdout
        assert instance.run("check").returncode == 0  # an officer wants it so
        twice = instance.run("bulletin", "stop", "1", "--why", "again", *ines)
        assert (twice.returncode, twice.stderr.split(":")[0]) == (2, "issue")
        viewer = instance.run("bulletin", "resume", "1", "--why", "x", "--as", "vera@example.org")
        assert viewer.returncode == 1
        assert "may not publish" in viewer.stderr
        assert instance.run("bulletin", "resume", "1", "--why", " ", *ines).returncode == 2
        assert instance.json("bulletin", "resume", "1", "--why", "It is not", *ines)["owed"] == 1
        late = instance.run("check")
        assert "nothing handed over" in late.stdout
        assert instance.run("worker", "--once").returncode == 0
        got = instance.json("bulletin", "progress", "1")
        assert (got["sent"], got["delivered"], got["answered"], got["owed"]) == (1, 0, 0, 0)
        assert instance.run("check").returncode == 0
