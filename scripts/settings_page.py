"""Write docs/reference/settings.md from the settings that the code declares."""

import tempfile
from os import environ
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"

HEAD = """# Settings

Environment variables, read at start. For each `NAME`, `NAME_FILE` may name a file that holds the
value instead (for secrets). Made by `scripts/settings_page.py`; a test keeps it true.

| setting | kind | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The page as text."""
    from wayhome.settings import DECLARED

    rows = []
    for name, (kind, default, meaning) in DECLARED.items():
        value = ",".join(map(str, default)) if isinstance(default, list) else str(default)
        rows.append(f"| `{name}` | {kind.__name__} | {f'`{value}`' if value else ''} | {meaning} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    environ.setdefault("WAYHOME_DATA_DIR", tempfile.mkdtemp())
    PAGE.write_text(page(), encoding="utf-8")
