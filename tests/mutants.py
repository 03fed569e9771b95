"""Show that the property tests bite: plant one fault at a time, and see each of them found.

``python -m tests.mutants [NAME ...]`` copies the sources, changes a line, runs the property test
on the copy, and prints whether it failed, as it must. Exit 1 where a fault stays unseen. The
database is chosen by ``WAYHOME_TEST_DATABASE``, as for all tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MATCHING = "tests/integration/test_match_equals_affects.py"
BULLETINS = "tests/integration/test_bulletin_machine.py"
DELIVERY = "tests/integration/test_delivery_machine.py"
PLANNING = "tests/integration/test_planning.py"


@dataclass(frozen=True)
class Mutant:
    """One fault: in ``file`` the text ``right`` becomes ``wrong``; ``test`` must fail."""

    name: str
    file: str
    right: str
    wrong: str
    test: str = MATCHING


MUTANTS = (
    Mutant(
        "grace is ignored",
        "audience/matching.py",
        "(departed == 0) & (depart <= w1) & (depart + grace >= w0)",
        "(departed == 0) & (depart <= w1) & (depart + SLACK_DAYS >= w0)",
    ),
    Mutant(
        "a confirmed departure still has days of grace",
        "audience/matching.py",
        "(departed == 0) & (depart <= w1)",
        "(depart <= w1)",
    ),
    Mutant(
        "the boundary of a polygon is outside",
        "places/prepared.py",
        "return shapely.intersects_xy(self._shape, lon, lat)",
        "return shapely.contains_xy(self._shape, lon, lat)",
    ),
    Mutant(
        "no day of slack",
        "audience/matching.py",
        "(arrive - SLACK_DAYS <= w1) & (depart + SLACK_DAYS >= w0)",
        "(arrive <= w1) & (depart + SLACK_DAYS >= w0)",
    ),
    Mutant(
        "areas around are forgotten",
        "audience/matching.py",
        "codes |= atom.within | atom.around",
        "codes |= atom.within",
    ),
    Mutant(
        "areas inside are forgotten",
        "audience/matching.py",
        "codes |= atom.within | atom.around",
        "codes |= atom.around | {atom.code}",
    ),
    Mutant(
        "an exception takes what is only possibly in it as certainly in it",
        "places/resolve.py",
        "return _smaller(base, CERTAIN - minus)",
        "return _smaller(base, CERTAIN * (minus == 0))",
    ),
    Mutant(
        "short stays are looked for in one bucket too few",
        "audience/sql.py",
        "short = range((first - SHORT_DAYS) // SHORT_DAYS, last // SHORT_DAYS + 1)",
        "short = range((first - SHORT_DAYS) // SHORT_DAYS + 1, last // SHORT_DAYS + 1)",
    ),
    Mutant(
        "long stays are looked for in one bucket too few",
        "audience/sql.py",
        "long = range((first - LONG_DAYS) // LONG_DAYS, last // LONG_DAYS + 1)",
        "long = range(first // LONG_DAYS, last // LONG_DAYS + 1)",
    ),
    Mutant(
        "residence has no bucket",
        "audience/sql.py",
        "return [*short, *(LONG_BUCKETS + n for n in long), OPEN_BUCKET]",
        "return [*short, *(LONG_BUCKETS + n for n in long)]",
    ),
    Mutant(
        "the lead is a day short",
        "audience/matching.py",
        "lead, grace = SLACK_DAYS + window.lead_days,",
        "lead, grace = window.lead_days,",
    ),
    Mutant(
        "the radius of a stay is not looked around for",
        "audience/matching.py",
        "ranges += atom.ranges(MAX_RADIUS_M)",
        "ranges += atom.ranges(0)",
    ),
    Mutant(
        "coarse stays are not looked for in drawn shapes",
        "audience/matching.py",
        "coarse |= atom.within | atom.around",
        "coarse |= frozenset()",
    ),
    Mutant(
        "those at sea are lost",
        "trips/matchrows.py",
        'for area, certainty in placed.areas] or [("", 0)]',
        "for area, certainty in placed.areas]",
    ),
    Mutant(
        "the worse of two reasons is kept",
        "audience/matching.py",
        "order = np.lexsort((stay, reason, -certainty, traveller))",
        "order = np.lexsort((stay, reason, certainty, traveller))",
    ),
    Mutant(
        "people on their way are forgotten",
        "audience/matching.py",
        "return _best([stays, legs])",
        "return _best([stays])",
    ),
    Mutant(
        "an author may sign",
        "bulletins/services.py",
        "if officer.pk in hands(bulletin):",
        "if officer.pk in set():",
        BULLETINS,
    ),
    Mutant(
        "a readback never grows old",
        "bulletins/services.py",
        "if readback.made_at < oldest:",
        "if not readback.made_at:",
        BULLETINS,
    ),
    Mutant(
        "words may change under a signature",
        "bulletins/rules.py",
        "for text in sorted(texts, key=lambda text: text.language)",
        "for text in sorted(texts[:0], key=lambda text: text.language)",
        BULLETINS,
    ),
    Mutant(
        "a message is marked as sent before it is handed over",
        "delivery/sending.py",
        "                self._in_hand.append((delivery, message, time.monotonic()))\n"
        "                yield message\n",
        "                self._in_hand.append((delivery, message, time.monotonic()))\n"
        '                self._note(delivery, "sent", "")\n'
        "                self._flush()\n"
        "                self._took = lambda *_: None\n"
        "                yield message\n",
        DELIVERY,
    ),
    Mutant(
        "recording a letter leaves the letter out of the key",
        "delivery/recording.py",
        'keyed = " WHERE issue_id = %s AND letter_id = %s',
        'keyed = " WHERE issue_id = %s AND %s >= 0',
        DELIVERY,
    ),
    Mutant(
        "cutting slices leaves the issue out of the key",
        "delivery/planning_sql.py",
        '"UPDATE delivery SET slice_id = %s WHERE issue_id = %s AND letter_id = %s"',
        '"UPDATE delivery SET slice_id = %s WHERE %s >= 0 AND letter_id = %s"',
        DELIVERY,
    ),
    Mutant(
        "an error of the database is swallowed while results are recorded",
        "delivery/sending.py",
        "        except BaseException:\n            self._batch = batch\n            raise\n",
        "        except Exception:\n            tries = {}\n",
        DELIVERY,
    ),
    Mutant(
        "an error of the channel is swallowed, and its slice is closed",
        "delivery/sending.py",
        "    except BaseException:\n        _sender.drop(leased.way.name)",
        "    except Exception:\n"
        '        Slice.objects.filter(pk=leased.slice.pk).update(state="done")\n'
        "        _sender.drop(leased.way.name)\n"
        "        return True\n"
        "    except BaseException:\n        _sender.drop(leased.way.name)",
        DELIVERY,
    ),
    Mutant(
        "nobody reads what killed workers left in their journals",
        "delivery/sending.py",
        "    journal.settle_orphans()\n",
        "",
        DELIVERY,
    ),
    Mutant(
        "what older issues of a thread owe is sent all the same",
        "delivery/sending_sql.py",
        "AND (s.issue_id = 0 OR b.id IS NOT NULL)",
        "AND (s.issue_id = 0 OR b.id IS NOT NULL OR s.issue_id > 0)",
        DELIVERY,
    ),
    Mutant(
        "a correction does not follow what it corrects",
        "delivery/planning.py",
        "    _cut(issue, sql.add_as_before(issue.pk, earlier, after, last))\n",
        "    sql.last_contact_point(earlier, after, last)\n",
        PLANNING,
    ),
    Mutant(
        "a worker that was overtaken keeps what it sent to itself",
        "delivery/sending.py",
        "            journal.settle(batch)\n",
        "",
        DELIVERY,
    ),
)
SHORT = ("grace is ignored", "areas around are forgotten", "those at sea are lost")


def is_caught(mutant: Mutant) -> bool:
    """Whether the tests fail on a copy of the sources with this fault in it."""
    with tempfile.TemporaryDirectory(prefix="wayhome-mutant-") as folder:
        copy = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(
                ROOT / name,
                copy / name,
                ignore=shutil.ignore_patterns("__pycache__", "data", "*.egg-info"),
            )
        data = "src/wayhome/places/data"
        (copy / data).symlink_to(ROOT / data)
        shutil.copy(ROOT / "pyproject.toml", copy)
        path = copy / "src" / "wayhome" / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.right) != 1:
            raise SystemExit(f"{mutant.name}: {mutant.file} no longer holds {mutant.right!r}")
        path.write_text(text.replace(mutant.right, mutant.wrong), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "--hypothesis-profile=no-shrink", mutant.test],
            cwd=copy,
            env={k: v for k, v in os.environ.items() if k not in ("PYTEST_ADDOPTS", "PYTHONPATH")},
            capture_output=True,
            text=True,
            check=False,
        )
        # 1: a test failed. Anything else but 0 is a fault of the run, not a find.
        if done.returncode not in (0, 1) or "error" in done.stdout.splitlines()[-1]:
            raise SystemExit(f"{mutant.name}: the run broke\n{done.stdout}{done.stderr}")
        return done.returncode == 1


def main(names: list[str]) -> int:
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    alive = 0
    for mutant in chosen:
        began = time.monotonic()
        caught = is_caught(mutant)
        alive += not caught
        seconds = time.monotonic() - began
        print(f"{'caught' if caught else 'ALIVE '} {seconds:5.0f} s  {mutant.name}", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} planted faults were caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
