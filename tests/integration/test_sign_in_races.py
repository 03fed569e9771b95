"""Two at once, on several connections: one code, one link, one last administrator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.db import connection

from tests.support.factories import make_officer
from wayhome.officers import accounts, guard, invitations, recovery_codes, second_factor, totp
from wayhome.officers.account_models import Totp
from wayhome.officers.guard import Place
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each of these gives, or the fault that it ends in, all begun at one moment."""
    gate = threading.Barrier(len(acts))
    given: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            given[number] = act()
        except Exception as fault:  # noqa: BLE001  (it is what the test looks at)
            given[number] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def test_a_burst_of_guesses_is_counted_one_by_one() -> None:
    place = Place("192.0.2.1")
    given = at_once([lambda: guard.attempt("ada@example.org", place)] * 12)
    judged = [each for each in given if isinstance(each, guard.Attempt)]
    assert len(judged) == 3
    assert all(isinstance(each, guard.Wait) for each in given if each not in judged)


def test_a_code_of_the_app_is_taken_once() -> None:
    officer = make_officer("ada", Role.OFFICER)
    app = pyotp.TOTP(totp.new_secret())
    totp.confirm(officer, app.secret, app.at(database_now()))
    Totp.objects.update(used_step=0)
    code = app.at(database_now())
    given = at_once([lambda: second_factor.use_code(officer, code)] * 6)
    assert given.count(None) == 5


def test_a_recovery_code_is_taken_once() -> None:
    officer = make_officer("ada", Role.OFFICER)
    code, *_ = recovery_codes.make(officer)
    given = at_once([lambda: second_factor.use_code(officer, code)] * 6)
    assert given.count(None) == 5


def test_a_link_is_taken_once() -> None:
    made = invitations.invite(None, email="ada@example.org", name="Ada", office="", role="viewer")
    number = made.invitation.pk
    given = at_once([lambda: invitations.accept(number, "seven quiet lanterns")] * 4)
    assert sum(isinstance(each, Officer) for each in given) == 1
    assert sum(isinstance(each, Problem) for each in given) == 3
    assert Officer.objects.count() == 1


def test_two_administrators_who_close_each_other_leave_one() -> None:
    one, two = (make_officer(name, Role.ADMINISTRATOR) for name in ("one", "two"))
    given = at_once(
        [
            lambda: accounts.deactivate(one, two.pk),
            lambda: accounts.deactivate(two, one.pk),
        ]
    )
    assert sum(isinstance(each, Officer) for each in given) == 1, given
    assert Officer.objects.filter(is_active=True).count() == 1
