"""The demo tells the same story twice, and its counts agree with each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Instance, fresh_instance

pytestmark = pytest.mark.acceptance


def _once(instance: Instance) -> dict[str, Any]:
    done = instance.run_cold("demo", "--once", "--json", "--people", "600")
    assert done.returncode == 0, done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def test_demo_is_the_same_twice_and_its_counts_agree(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as instance:
        counts = _once(instance)
        assert counts == _once(instance)
    assert counts["enrolled"] == 601
    assert counts["sent"] == counts["deliveries"] > 0
    assert (counts["doubles"], counts["owed"]) == (0, 0)
    muster = counts["muster"]
    assert muster["total"] == sum(n for state, n in muster.items() if state != "total")
    assert muster["silent"] == counts["silent"] > 0
    # Whoever got the mistaken warning got its cancel; whoever was warned, the update.
    issues = counts["issues"]
    assert issues["cancel"]["deliveries"] >= issues["mistake"]["sent"]
    assert issues["update"]["audience"] > issues["warning"]["audience"] - 1
    # One file for each delivery: nothing doubled, nothing beside.
    files = list((tmp_path / "demo" / "outbox").glob("issue-*/*"))
    assert len(files) == counts["deliveries"]
    assert len({path.name for path in files}) == len(files)


def test_demo_never_touches_a_live_instance(tmp_path: Path) -> None:
    with fresh_instance(tmp_path) as instance:
        assert instance.run("migrate").returncode == 0
        live = instance.run("officer", "add", "a@example.org", "--name", "A")
        assert live.returncode == 0
        done = instance.run_cold("demo", "--once", "--people", "50")
        if "WAYHOME_DATABASE_URL" in instance.environment:
            assert done.returncode != 0
            assert "live" in done.stderr
        else:
            assert done.returncode == 0  # a folder of its own
        again = instance.run("officer", "add", "a@example.org", "--name", "A")
        assert "is an officer already" in again.stderr
