"""Write docs/reference/access.md from the tables that the code asks."""

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "access.md"

HEAD = """# Who may what

Two tables are the law: which verbs a role has (`officers/roles.py`), and which verb each page,
command and query of people asks for (`officers/law.py`). Pages and commands ask them and nothing
else; what has no line is refused. Made by `scripts/access_page.py`; tests keep it true and sign in
as each role to see that it holds. How to use it is in [the how-to](../howto/access.md).

"""


def page() -> str:
    """The page as text."""
    from wayhome.officers import law
    from wayhome.officers.roles import MAY, Role, Verb

    def table(title: str, first: str, rows: Mapping[str, law.View]) -> str:
        lines = [f"## {title}\n", _row([first, *Role]), _row(["---", *("---" for _ in Role)])]
        for name, view in rows.items():
            asks_again = " (again)" if view.recent else ""
            lines.append(
                _row(
                    [
                        f"`{name}`{asks_again}",
                        *("yes" if role in view.roles else "" for role in Role),
                    ]
                )
            )
        return "\n".join(lines) + "\n"

    verbs = {verb.value: law.View(verb) for verb in Verb}
    assert all(MAY[role] for role in Role)
    asked = {name: view for name, view in law.COMMANDS.items() if view.roles}
    others = ", ".join(f"`{name}`" for name, view in law.COMMANDS.items() if not view.roles)
    return HEAD + "\n".join(
        [
            table("Roles and verbs", "verb", verbs).replace("`", ""),
            table("Pages of the desk, by the name of their route", "page", law.PAGES),
            "*(again)*: asks for proof of who you are, when that was more than a quarter of an hour"
            " ago. Signing in and out is everybody's.\n",
            table("Commands that name an officer (`--as`)", "command", asked),
            f"Whoever runs the host holds the database, so these ask for no officer: {others}.\n",
            table("Queries that return people", "query", law.QUERIES),
            "They take an access that says which officer, which compartments and what purpose, and"
            " record a look for each person. The queries for people's own pages take none.\n",
        ]
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
