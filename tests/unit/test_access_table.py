"""Queries of people, commands and the reference page are held against the table of access."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from wayhome.officers import law
from wayhome.officers.law import Open
from wayhome.officers.roles import Role

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/wayhome"
ROOMS = ("officers", "letters", "travellers", "trips", "ledger", "bulletins", "audience",
         "delivery", "replies", "musters")  # fmt: skip

# A query that returns one of these, or something that holds one, returns people.
PEOPLE = {
    "Traveller", "Registration", "Reach", "ReachStep", "ContactPoint", "Reply", "RollEntry",
    "RollChange", "Stay", "Watch", "Letter", "Repointing", "Party", "PartyMember", "Suppression",
}  # fmt: skip
ACCESS = {"Access", "OrganisationAccess"}

# They narrow what others ask for, or act through queries of the table.
NARROWING = {"musters.writing", "officers.access", "travellers.seeing"}

# Queries that return people and take no access, each with its reason.
REASONED = {
    "musters.queries.as_line": "an entry that the caller was allowed to read",
    "replies.queries.of_press": "what one press of a person's own button recorded",
    "replies.queries.own_replies": "for the people themselves",
    "travellers.queries.in_care": "the minors of an adult, for the adult's own page",
    "travellers.queries.name_entered": "the name on a registration that the caller holds",
    "travellers.queries.own_reaches": "for the people themselves",
    "travellers.queries.own_registrations": "for the people themselves",
    "travellers.queries.spoken_for": "what an adult's own page covers",
    "travellers.private.own_facts": "for the people themselves",
    "travellers.vouching.confirm": "the registration that the officer vouches for, and may see",
    "travellers.vouching.document_seen": "the registration whose document the officer saw",
    "travellers.vouching.lower": "the registration that the officer vouches for, and may see",
    "trips.queries.open_watches": "for the people themselves",
    "trips.queries.own_stays": "for the people themselves",
}


def query_modules() -> Iterator[tuple[str, Path]]:
    """Every module that reads: a room's ``queries``, what the table names besides, and whatever
    else takes an access."""
    named = {name.rpartition(".")[0] for name in law.QUERIES}
    named |= {f"{room}.queries" for room in ROOMS}
    named |= set(takers())
    for module in sorted(named):
        path = SOURCE / f"{module.replace('.', '/')}.py"
        if path.exists():
            yield module, path


def takers() -> Iterator[str]:
    """Modules with a public function that takes an access, but for those that only narrow."""
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
            if module not in NARROWING and guarded(path.read_text(encoding="utf-8")):
                yield module


def words_of(node: ast.AST | None) -> set[str]:
    """The names in an annotation, those in a quoted one too."""
    found: set[str] = set()
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found |= words_of(ast.parse(each.value, mode="eval"))
    return found


def telling_classes(tree: ast.Module) -> set[str]:
    """Dataclasses that hold people."""
    found: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        names = {each.target.id for each in fields if isinstance(each.target, ast.Name)}
        types = set().union(*(words_of(each.annotation) for each in fields), set())
        persons = names & {"traveller_id", "registration_id", "address", "letter", "whose"}
        if persons or types & (PEOPLE | found):
            found.add(node.name)
    return found


def unguarded(module: str, text: str) -> set[str]:
    """Public functions of a module that return people and take no access."""
    tree = ast.parse(text)
    telling = PEOPLE | telling_classes(tree)
    found = set()
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        takes = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if any(words_of(each.annotation) & ACCESS for each in takes):
            continue
        if words_of(node.returns) & telling or _names_people(node):
            found.add(f"{module}.{node.name}")
    return found


def _names_people(function: ast.FunctionDef) -> bool:
    """It reads the column of a name or an address, whatever its annotation says."""
    columns = {"name", "traveller__name", "registration__traveller__name", "address"}
    people = {"Traveller", "Registration", "ContactPoint", "RollEntry", "Reach"}
    names = {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
    constants = {
        each.value
        for each in ast.walk(function)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    return bool(names & people and constants & columns)


def guarded(text: str) -> set[str]:
    """Public functions of a module that take an access."""
    return {
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and any(
            words_of(each.annotation) & ACCESS for each in (*node.args.args, *node.args.kwonlyargs)
        )
    }


def test_no_query_returns_people_without_an_access() -> None:
    found: set[str] = set()
    for module, path in query_modules():
        found |= unguarded(module, path.read_text(encoding="utf-8"))
    assert found - set(REASONED) == set()
    assert set(REASONED) - found == set(), "reasons for what is not there"


@pytest.mark.parametrize(
    "planted",
    [
        "def everybody() -> list[Traveller]:\n    return []",
        "def everybody(ids: list[int]) -> 'QuerySet[Registration]':\n    return []",
        "def reached(officer: Officer) -> dict[int, models.Reach]:\n    return {}",
        "@dataclass\nclass Row:\n    traveller_id: int\n    mood: str\n\n"
        "def moods() -> list[Row]:\n    return []",
        "def names() -> dict[int, str]:\n"
        "    return dict(Traveller.objects.values_list('pk', 'name'))",
    ],
)
def test_a_planted_query_without_an_access_is_found(planted: str) -> None:
    text = (SOURCE / "musters/queries.py").read_text(encoding="utf-8")
    before = unguarded("musters.queries", text)
    assert len(unguarded("musters.queries", f"{text}\n\n{planted}\n") - before) == 1


def test_a_query_with_an_access_has_a_line_in_the_law() -> None:
    counted = {"is_seen", "is_contact_point", "count_rows", "counts_with"}  # they name nobody
    found = {
        f"{module}.{name}"
        for module, path in query_modules()
        for name in guarded(path.read_text(encoding="utf-8")) - counted
        if name not in ("seen_entries",)  # narrows a query that others begin and finish
    }
    assert found == set(law.QUERIES)


def commands() -> Iterator[str]:
    from wayhome.ops.cli import cli

    def walk(command: click.Command, words: str) -> Iterator[str]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            if command.invoke_without_command:
                yield words
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from walk(inner, f"{words} {name}".strip())
        else:
            yield words

    yield from walk(cli, "")


def test_every_command_has_a_line_and_no_line_is_idle() -> None:
    assert set(commands()) == {name for name in law.COMMANDS if name != ""}


def test_a_command_asks_for_an_officer_where_the_law_does() -> None:
    from wayhome.ops.cli import cli

    for name, view in law.COMMANDS.items():
        command: click.Command = cli
        for word in name.split():
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None, name
            command = found
        options = {option for each in command.params for option in each.opts}
        assert ("--as" in options) == (view.asks != Open.OPERATOR), name


def test_the_reference_page_is_true() -> None:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts" / "access_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs/reference/access.md").read_text(encoding="utf-8")
    assert page == module.page()
    for role in Role:
        assert role.value in page
