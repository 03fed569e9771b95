"""What would be logged, at every level, as our own handler writes it."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

LOUD = ("wayhome", "django", "fido2")


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Every line of every level, through the filters and the form of our own handler."""
    declared: dict[str, Any] = settings.LOGGING
    configured = logging.config.DictConfigurator(declared)
    handler = logging.StreamHandler(into := io.StringIO())
    handler.setFormatter(configured.configure_formatter(dict(declared["formatters"]["line"])))
    for each in declared["handlers"]["stderr"]["filters"]:
        handler.addFilter(configured.configure_filter(dict(declared["filters"][each])))
    root = logging.getLogger()
    before, quiet = root.level, {}
    for name in LOUD:
        quiet[name] = logging.getLogger(name).level
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield into
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        for name, level in quiet.items():
            logging.getLogger(name).setLevel(level)
