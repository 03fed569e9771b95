"""Settings under which bounces come back, and a delivery that may bounce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _bounce_address(settings: Any, tmp_path: Path) -> None:
    settings.WAYHOME_BOUNCE_ADDRESS = "bounces@wayhome.example"
    settings.WAYHOME_MAIL_FROM = "alerts@wayhome.example"
    settings.WAYHOME_DATA_DIR = tmp_path
