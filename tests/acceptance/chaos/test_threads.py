"""What officers and travellers do while a warning is going out."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.chaos import BATCH, everyone, settled, size, taken, wait_until_sent
from tests.support.instance import Instance, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.chaos]


def ready(officer: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """An officer with the finger on the button."""
    assert officer.stdout is not None
    assert officer.stdout.readline() == "ready\n"
    return officer


def press(officer: subprocess.Popen[str]) -> str:
    """When it was published, in seconds; or ``refused``."""
    said, _ = officer.communicate("go\n")
    assert officer.returncode == 0
    return said.strip()


def test_a_cancel_holds_the_rest_and_reaches_everyone(instance: Instance) -> None:
    people, workers = size(200, 1500), size(1, 2)
    instance.play("publish-and-sign-cancel", str(people))
    instance.slow_down(size(20, 50))
    officer = ready(instance.script("publish-cancel"))
    at_work = [instance.worker() for _ in range(workers)]
    instance.wait_until_taken(size(20, 500))
    published = float(press(officer))
    wait_for(lambda: instance.one("SELECT count(*) FROM issue") == 2, "the cancel is there")
    wait_until_sent(instance)
    for worker in at_work:
        instance.stop(worker)
    messages = instance.relay.taken()
    cancels = [m for m in messages if m["subject"].startswith("Cancelled:")]
    originals = [m for m in messages if not m["subject"].startswith("Cancelled:")]
    assert sorted(m["rcpts"][0] for m in cancels) == sorted(everyone(people))
    assert size(20, 500) <= len(originals) < people
    assert sum(m["at"] > published for m in originals) <= BATCH * workers
    held = instance.rows(
        "SELECT d.state, count(*) FROM delivery d JOIN issue i ON i.id = d.issue_id"
        " WHERE i.issue_kind = 'first' GROUP BY d.state ORDER BY d.state"
    )
    assert held == [("owed", people - len(originals)), ("sent", len(originals))]
    instance.proof()


def test_who_enrols_while_it_is_planned_and_sent_is_warned_once(instance: Instance) -> None:
    people, late = size(150, 1000), size(30, 200)
    instance.play("publish", str(people))
    instance.slow_down(size(5, 60))
    enrolling = instance.script("enrol", str(people), str(late))
    worker = instance.worker()
    assert enrolling.wait() == 0
    wait_until_sent(instance)
    instance.stop(worker)
    assert settled(instance, people + late) == 0
    assert set(taken(instance)) == everyone(people + late)


def test_two_officers_publish_the_same_at_once(instance: Instance) -> None:
    people, officers = size(60, 600), 4
    instance.play("sign", str(people))
    instance.slow_down(size(5, 100))
    hands = [ready(instance.script("publish-signed")) for _ in range(officers)]
    workers = [instance.worker() for _ in range(2)]
    for each in hands:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [each.communicate()[0].strip() for each in hands]
    assert said.count("refused") == officers - 1
    wait_until_sent(instance)
    for worker in workers:
        instance.stop(worker)
    assert instance.one("SELECT count(*) FROM issue") == 1
    assert settled(instance, people) == 0
