"""The register as a reference page, and as the plain words of the privacy page."""

from dataclasses import dataclass

from wayhome.travellers import fields, retention
from wayhome.travellers.fields import Numbered, Personal, Purpose, Until

HEAD = """# Personal fields

Made by `wayhome privacy fields`; a test keeps it true. *Eraser* is the room that erases a field
when somebody is forgotten. *Sealed* fields are encrypted under a key of the person's own. Days are
the defaults; [settings](settings.md) change them.
"""


def page() -> str:
    """The reference page as text."""
    parts = [HEAD]
    parts += ["## Purposes\n", "| purpose | why | legal basis |", "|---|---|---|"]
    parts += [f"| {each.name} | {each.words} | {each.basis} |" for each in fields.PURPOSES]
    parts += ["", "## Retention rules\n", "| rule | days | what it deletes |", "|---|---|---|"]
    parts += [
        f"| {each.name} | `{each.setting}` ({_default(each.setting)}) | {each.words} |"
        for each in retention.rules()
    ]
    parts += ["", "## Personal\n"]
    parts += [
        "| field | what | purpose | read by | kept until | eraser | |",
        "|---|---|---|---|---|---|---|",
    ]
    kept = []
    other = []
    for table in fields.tables():
        for column, of in table.columns():
            name = f"`{table.name}.{column}`"
            if isinstance(of, Personal):
                parts.append(
                    f"| {name} | {of.what} | {of.purpose.name} | {of.readers.value}"
                    f" | {_until(of)} | {of.eraser or '–'} | {'sealed' if of.sealed else ''} |"
                )
        if table.numbered:
            columns = ", ".join(f"`{column}`" for column in table.numbered.split())
            kept.append(f"| `{table.name}` | {columns} | {table.numbered_why} |")
        if table.plain:
            columns = ", ".join(f"`{column}`" for column in table.plain.split())
            other.append(f"| `{table.name}` | {columns} | {table.plain_why} |")
    parts += ["", "## Numbered\n"]
    parts += ["What stays as proof when somebody is erased; its numbers name nobody then.\n"]
    parts += ["| table | columns | what it proves |", "|---|---|---|", *kept]
    parts += ["", "## About nobody\n", "| table | columns | why |", "|---|---|---|", *other]
    return "\n".join(parts)


def as_rows() -> list[dict[str, object]]:
    """Every column with its class, for the command."""
    rows: list[dict[str, object]] = []
    for (table, column), of in fields.register().items():
        row: dict[str, object] = {"table": table, "column": column}
        if isinstance(of, Personal):
            row |= {
                "class": "personal",
                "what": of.what,
                "purpose": of.purpose.name,
                "basis": fields.basis_of(of.purpose),
                "readers": of.readers.value,
                "roles": fields.roles_of(of.readers),
                "until": _until(of),
                "eraser": of.eraser,
                "sealed": of.sealed,
            }
        else:
            kind = "numbered" if isinstance(of, Numbered) else "other"
            row |= {"class": kind, "why": of.why}
        rows.append(row)
    return rows


def _until(of: Personal) -> str:
    return of.rule.value if isinstance(of.rule, Until) else f"rule *{of.rule}*"


def _default(setting: str) -> object:
    from wayhome.settings import DECLARED

    return DECLARED[setting][1]


@dataclass(frozen=True)
class Notice:
    """One purpose for people to read: what is kept for it, who reads it."""

    purpose: Purpose
    basis: str
    what: list[str]
    sealed: list[str]
    roles: list[str]


@dataclass(frozen=True)
class Deadline:
    """One retention rule for people to read; ``days`` 0: never by itself."""

    words: str
    days: int


def notices() -> list[Notice]:
    """What is kept of travellers, purpose by purpose; officers' own data is not theirs."""
    found = []
    for purpose in fields.PURPOSES:
        lines: dict[str, None] = {}
        sealed: dict[str, None] = {}
        roles: set[str] = set()
        for table in fields.tables():
            own = [of for of in table.personal.values() if of.eraser and of.purpose == purpose]
            sealed |= {of.what: None for of in own if of.sealed}
            roles |= {role for of in own for role in fields.roles_of(of.readers)}
            if any(not of.sealed for of in own):
                lines[table.notice] = None
        if roles:
            found.append(
                Notice(purpose, fields.basis_of(purpose), list(lines), list(sealed), sorted(roles))
            )
    return found


def deadlines() -> list[Deadline]:
    return [Deadline(each.words, max(each.days, 0)) for each in retention.rules()]
