"""The commands that the docs show are run as they stand."""

import re
import shlex
import shutil
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


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an instance whose database is there, and empty."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    with fresh_instance(folder) as made:
        assert made.run("migrate").returncode == 0
    return folder


@pytest.fixture
def instance(tmp_path: Path, migrated: Path):
    shutil.copytree(migrated, tmp_path / "data")
    with fresh_instance(tmp_path / "data") as made:
        yield made


def test_operate(instance: Instance, tmp_path: Path) -> None:
    _run_all(instance, DOCS / "howto/operate.md", tmp_path)


def test_access(instance: Instance, tmp_path: Path) -> None:
    _run_all(instance, DOCS / "howto/access.md", tmp_path)


def test_enrol(instance: Instance, tmp_path: Path) -> None:
    _run_all(instance, DOCS / "howto/enrol.md", tmp_path)


def test_regions(instance: Instance, tmp_path: Path) -> None:
    page = DOCS / "howto/regions.md"
    (said,) = re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "advisory.txt").write_text(said)
    _run_all(instance, page, tmp_path)
    assert (tmp_path / "diyala.svg").read_text().startswith("<svg")


def test_every_way_to_say_a_place_is_understood(instance: Instance, tmp_path: Path) -> None:
    table = re.findall(r"^\| `([^`]+)`", (DOCS / "howto/regions.md").read_text(), re.MULTILINE)
    assert len(table) > 10
    for words in table:
        elsewhere = "Lebanon" in words or "Kenya" in words
        country = () if elsewhere else ("--country", "IQ")
        done = instance.run("places", "region", words, *country, cwd=tmp_path)
        assert done.returncode == 0, f"{words}\n{done.stderr}"


def test_people(instance: Instance, tmp_path: Path) -> None:
    _run_all(instance, DOCS / "howto/people.md", tmp_path)


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
    (mapping,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "register.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "register.csv").write_text(
        "Reisende\n\n"
        "Nr.;Nachname, Vorname;E-Mail;Kind;Land;Ort 1;Von 1;Bis 1;Ort 2;Von 2;Bis 2;Passnummer\n"
        "1;Weiß, Cora;cora@example.org;;Irak;Basra;24.12.2025;;;;;C01\n",
        encoding="cp1252",
    )
    _run_all(instance, DOCS / "howto/import.md", tmp_path)
    assert not (tmp_path / "refused.csv").exists()
    again = instance.json("enrol", "import", str(tmp_path / "people.csv"))
    assert (again["enrolled"], again["known"]) == (0, 2)


def test_officers(instance: Instance, tmp_path: Path) -> None:
    """The page is a story: whom it invites, it recovers once they are an officer."""
    page = DOCS / "howto/officers.md"
    for command in _commands(page):
        if "ines@" in command and " invite " not in command:
            instance.run("officer", "add", "ines@example.org", "--name", "Ines")
        done = instance.run(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert "recovered an account, by a command on the host" in done.stderr
    (again,) = [
        each for each in instance.json("officer", "list") if each["email"] == "ines@example.org"
    ]
    assert again["factors"] == []


def test_move(instance: Instance, migrated: Path, tmp_path: Path) -> None:
    """As the page tells it: one instance sends, another takes in, each with the other's key."""
    _officers(instance)
    (tmp_path / "one.csv").write_text(
        "name,place,country,arrive,mail\nAnn,Mosul,IQ,2026-01-01,ann@example.org\n",
        encoding="utf-8",
    )
    assert instance.json("enrol", "import", str(tmp_path / "one.csv"))["enrolled"] == 1
    shutil.copytree(migrated, tmp_path / "other")
    with fresh_instance(tmp_path / "other") as other:
        for command in _commands(DOCS / "howto/move.md"):
            _, _, verb, *rest = shlex.split(command)
            sends = verb == "export"
            here, there = (instance, other) if sends else (other, instance)
            key = there.json("enrol", "exchange-key")["key"]
            given = [key if word == "KEY" else word for word in rest]
            done = here.run("enrol", verb, *given, cwd=tmp_path)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
        key = instance.json("enrol", "exchange-key")["key"]
        again = other.json("enrol", "import", str(tmp_path / "people.whm"), "--from", key)
        assert (again["enrolled"], again["known"], again["purpose"]) == (0, 1, "The embassy closes")


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


def test_privacy(instance: Instance, tmp_path: Path) -> None:
    """Its commands run, on somebody who is there; the register that it names is the real one."""
    _officers(instance)
    people = tmp_path / "people.csv"
    people.write_text(
        "reference,name,mail,place,country,arrive\na,Ann,ann@example.org,Mosul,IQ,2026-01-01\n"
    )
    assert instance.json("enrol", "import", str(people))["enrolled"] == 1
    (tmp_path / "data" / "tombstones.jsonl").touch()
    page = DOCS / "howto/privacy.md"
    _run_all(instance, page, tmp_path)
    assert instance.run("privacy", "fields").stdout == (DOCS / "reference/fields.md").read_text()
    asked = instance.json("privacy", "asks")
    assert [row["waits_for"] for row in asked] == ["a worker"]


def test_readme(instance: Instance, tmp_path: Path) -> None:
    commands = _commands(ROOT / "README.md")
    assert any("places region" in command for command in commands)
    for command in commands:
        if "demo" in command or "bench" in command:
            continue  # tests of their own: test_demo, test_bench
        done = instance.run(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
