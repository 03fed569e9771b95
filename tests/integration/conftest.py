"""What tests of whole histories share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import override_settings

if TYPE_CHECKING:
    from tests.support.history import History


@pytest.fixture(autouse=True)
def _no_session_of_another_test() -> Iterator[None]:
    """A sending thread keeps its sessions and its journal from slice to slice."""
    yield
    from wayhome.delivery import sending

    sending._sender.rest()


@pytest.fixture(autouse=True)
def _passwords_are_hashed_once(settings: Any) -> None:
    """One round: tests look at other things than how long hashing takes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def written_history(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[History]:
    """Written once for a file; undone at its end."""
    from tests.support import factories, history
    from wayhome.work import clock

    with (
        django_db_blocker.unblock(),
        override_settings(WAYHOME_DATA_DIR=tmp_path_factory.mktemp("data")),
        transaction.atomic(),
    ):
        clock.forget_offset()
        yield history.write(factories.make_staff())
        transaction.set_rollback(True)


@pytest.fixture
def history(written_history: History, db: None) -> History:
    """A small honest history; what a test does to it is undone."""
    return replace(written_history, names=dict(written_history.names))
