"""The commands that the docs show are run as they stand."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.commands import Instance, fresh_instance

pytestmark = [pytest.mark.acceptance, pytest.mark.once]
DOCS = Path(__file__).parents[2] / "docs"
ROOT = DOCS.parent

# Commands that serve until stopped, or speak to hosts that only a real operator has.
NOT_RUN = {"wayhome run", "wayhome run --port 8000"}


def _commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    blocks = [block for language, block in fenced if not language]
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("wayhome ") and line not in NOT_RUN]


def _run_all(instance: Instance, page: Path, folder: Path) -> None:
    commands = _commands(page)
    assert commands, f"{page.name} shows no command"
    for command in commands:
        done = instance.run(*shlex.split(command)[1:], cwd=folder)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def _officers(instance: Instance) -> None:
    for name, role in (("ines", "officer"), ("jonas", "approver")):
        done = instance.run("officer", "add", f"{name}@example.org", "--name", name, "--role", role)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def instance(tmp_path: Path):
    with fresh_instance(tmp_path / "data") as made:
        assert made.run("migrate").returncode == 0
        yield made


def test_operate(instance: Instance, tmp_path: Path) -> None:
    _run_all(instance, DOCS / "howto/operate.md", tmp_path)


def test_import(instance: Instance, tmp_path: Path) -> None:
    page = (DOCS / "howto/import.md").read_text(encoding="utf-8")
    columns = re.findall(r"`(\w+)`(?=[`, \w]*\|)", page)
    wanted = [name for name in columns if f"| `{name}`" in page or f"`{name}`," in page]
    assert {"name", "place", "arrive"} <= set(wanted)
    (tmp_path / "people.csv").write_text(
        "reference,party,name,minor,mail,phone,language,place,country,arrive,depart,verified\n"
        "a1,p,Ann Example,,ann@example.org,,en,Mosul,IQ,2026-01-01,,2026-01-01\n"
        "a2,p,Ben Example,yes,,,en,Mosul,IQ,2026-01-01,,\n",
        encoding="utf-8",
    )
    _run_all(instance, DOCS / "howto/import.md", tmp_path)
    again = instance.json("enrol", "import", str(tmp_path / "people.csv"))
    assert (again["enrolled"], again["known"]) == (0, 2)


def test_publish(instance: Instance, tmp_path: Path) -> None:
    _officers(instance)
    page = (DOCS / "howto/publish.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (tmp_path / "warning.json").write_text(example, encoding="utf-8")
    _run_all(instance, DOCS / "howto/publish.md", tmp_path)


def test_mail(instance: Instance, tmp_path: Path) -> None:
    """Its commands run; its example of ``check --deploy`` has the lines that the command prints."""
    page = DOCS / "howto/mail.md"
    _run_all(instance, page, tmp_path)
    assert (tmp_path / "dkim-wh2026.pem").stat().st_mode & 0o777 == 0o600
    printed = instance.run("check", "--deploy", "--resolver", "127.0.0.1:1").stdout
    (shown,) = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert {"SPF", "DKIM", "DMARC", "MX", "relay"} <= _looked_at(shown)
    assert _looked_at(printed) <= _looked_at(shown)


def _looked_at(lines: str) -> set[str]:
    """What the findings are about, by its first word."""
    found = re.findall(r"^(?:ok|look|NOT OK) +(\w+)", lines, re.MULTILINE)
    assert found
    return set(found)


def test_readme(instance: Instance, tmp_path: Path) -> None:
    commands = _commands(ROOT / "README.md")
    assert any("places region" in command for command in commands)
    for command in commands:
        if "demo" in command or "bench" in command:
            continue  # tests of their own: test_demo, test_bench
        done = instance.run(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
