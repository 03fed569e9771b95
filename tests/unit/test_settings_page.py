"""The settings page says what the code declares."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def test_settings_page_is_true() -> None:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts" / "settings_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8") == module.page()
