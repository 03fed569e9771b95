"""The pages' server logs no link either."""

from __future__ import annotations

import pytest
from gunicorn.config import Config

from wayhome.ops.web_log import WebLog

pytestmark = pytest.mark.unit
TOKEN = f"WzEsMV0:{'a' * 43}"


def test_what_the_server_says_of_a_request_hides_its_link(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = WebLog(Config())
    try:
        raise ValueError(f"/my/{TOKEN}/")
    except ValueError:
        log.exception("Error handling request %s", f"/my/{TOKEN}/")
    said = capsys.readouterr().err
    assert "Error handling request /my/(hidden)/" in said
    assert "ValueError" in said
    assert TOKEN not in said
