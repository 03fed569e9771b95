"""ARCHITECTURE.md leads a newcomer along the code as it is."""

import ast
import importlib
import re
from collections import defaultdict
from pathlib import Path

import pytest

from wayhome.work import registry

pytestmark = [pytest.mark.integration, pytest.mark.once]
ROOT = Path(__file__).parents[2]
ROOMS = ROOT / "src/wayhome"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def _facts_told() -> dict[str, set[str]]:
    """Modules that tell each fact, from the sources."""
    told: dict[str, set[str]] = defaultdict(set)
    for path in ROOMS.rglob("*.py"):
        module = ".".join(path.relative_to(ROOMS).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name("tell" | "tell_many"), args=[ast.Constant(str(fact)), *_]
                ):
                    told[fact].add(module)
                case ast.Call(func=ast.Name("tell_all"), args=[ast.Dict(keys=facts)]):
                    for key in facts:
                        if isinstance(key, ast.Constant):
                            told[str(key.value)].add(module)
    return told


def test_the_table_of_facts_is_true() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    written = {
        fact: (set(re.findall(r"`([\w.]+)`", told)), set(re.findall(r"`([\w.]+)`", jobs)))
        for fact, told, jobs in rows
    }
    told = _facts_told()
    followed = {fact for job in registry.jobs() for fact in job.on}
    assert written == {
        fact: (told[fact], {job.name for job in registry.following(fact)})
        for fact in {*told, *followed}
    }


def _exists(name: str) -> bool:
    """Whether ``name`` is a module of Wayhome, or something in one."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["wayhome", *parts[:cut]]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_every_name_leads_somewhere() -> None:
    rooms = {path.name for path in ROOMS.iterdir() if path.is_dir()}
    facts = {*_facts_told(), *(job.name for job in registry.jobs())}
    named = set(re.findall(r"`(\w+(?:\.\w+)+)(?:\(\w*\))?`", PAGE)) - facts
    code = {name for name in named if name.split(".")[0] in rooms}
    assert len(code) > 30
    assert {name for name in code if not _exists(name)} == {
        source.name for source in registry.sources()
    } & named
