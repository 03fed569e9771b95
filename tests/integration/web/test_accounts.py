"""Officers' accounts: one's own, and others' as administrators see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.web.conftest import PASSWORD, signed_in
from tests.support.factories import make_officer as officer_without_password
from tests.support.signing_in import (
    SITE,
    is_inside,
    secret_on,
    sign_in,
    text,
    with_app,
    with_passkey,
)
from tests.support.soft_device import SoftDevice
from wayhome.officers import accounts, recovery_codes, second_factor
from wayhome.officers.account_models import Passkey
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import clear
from wayhome.problems import Problem
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NEW_PASSWORD = "seven quiet lanterns"


@pytest.fixture(autouse=True)
def live(settings: Any) -> None:
    settings.WAYHOME_PUBLIC_URL = SITE


@pytest.fixture
def officer(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.OFFICER)


@pytest.fixture
def administrator(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.ADMINISTRATOR)


@pytest.fixture
def second_administrator(live: None) -> Officer:
    return officer_without_password("second", Role.ADMINISTRATOR)


class TestOwnAccount:
    def test_a_passkey_is_added_and_removed(self, officer: Officer) -> None:
        browser, other = signed_in(officer), signed_in(officer)
        device = SoftDevice(SITE)
        question = browser.post("/desk/account/passkeys/question/").json()
        page = browser.post(
            "/desk/account/passkeys/new/",
            {"credential": device.make(question), "name": " My  key "},
        )
        assert "Keep these codes" in text(page)  # the first factor brings recovery codes
        assert not is_inside(other)
        page = text(browser.get("/desk/account/"))
        assert "My key" in page
        assert "10 are left" in page
        # A device that holds one already is not asked to make another.
        question = browser.post("/desk/account/passkeys/question/").json()
        assert len(question["publicKey"]["excludeCredentials"]) == 1
        assert question["publicKey"]["user"]["id"] == device.handle
        browser.post(f"/desk/account/passkeys/{Passkey.objects.get().pk}/remove/")
        assert not Passkey.objects.exists()
        assert recovery_codes.left(officer) == 0  # they stand in for nothing

    def test_the_last_factor_stays_where_one_is_needed(
        self, officer: Officer, settings: Any
    ) -> None:
        with_app(officer)
        with_passkey(officer)
        settings.WAYHOME_SECOND_FACTOR = "required"
        second_factor.remove_totp(officer)
        with pytest.raises(Problem, match="the only one"):
            second_factor.remove_passkey(officer, Passkey.objects.get().pk)
        with_app(officer)
        second_factor.remove_passkey(officer, Passkey.objects.get().pk)
        with pytest.raises(Problem, match="the only one"):
            second_factor.remove_totp(officer)

    def test_nobody_removes_anothers(self, officer: Officer, administrator: Officer) -> None:
        with_passkey(administrator)
        number = Passkey.objects.get().pk
        signed_in(officer).post(f"/desk/account/passkeys/{number}/remove/")
        assert Passkey.objects.exists()

    def test_a_code_app_replaces_the_one_before_once_confirmed(self, officer: Officer) -> None:
        old = with_app(officer)
        browser = signed_in(officer)
        assert browser.get("/desk/account/code-app/").status_code == 302  # a GET begins nothing
        browser.post("/desk/account/code-app/begin/")
        secret = secret_on(text(browser.get("/desk/account/code-app/")))
        page = browser.post("/desk/account/code-app/", {"code": "000000"})
        assert "not what the app should show" in text(page)
        assert second_factor.use_code(officer, old.at(database_now())) is not None
        new = pyotp.TOTP(secret)
        browser.post("/desk/account/code-app/", {"code": new.at(database_now())})
        later = database_now() + timedelta(seconds=30)
        assert second_factor.use_code(officer, old.at(later)) is None
        assert second_factor.use_code(officer, new.at(later)) is not None

    def test_another_password_ends_the_other_sessions(self, officer: Officer) -> None:
        browser, other = signed_in(officer), signed_in(officer)
        said = {"now": "wrong", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
        page = browser.post("/desk/account/password/", said)
        assert "is not right" in text(page)
        browser.post("/desk/account/password/", said | {"now": PASSWORD})
        assert is_inside(browser)
        assert not is_inside(other)
        officer.refresh_from_db()
        assert officer.check_password(NEW_PASSWORD)

    def test_the_password_cannot_be_guessed_here_either(self, officer: Officer) -> None:
        browser = signed_in(officer)
        said = {"now": "wrong", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
        pages = [text(browser.post("/desk/account/password/", said)) for _ in range(4)]
        assert "came too often" in pages[3]
        assert "came too often" not in pages[2]

    def test_secrets_are_sealed_where_they_are_kept(self, officer: Officer) -> None:
        app = with_app(officer)
        codes = recovery_codes.make(officer)
        browser = signed_in(officer)
        browser.post("/desk/account/code-app/begin/")
        waiting = secret_on(text(browser.get("/desk/account/code-app/")))
        with connection.cursor() as cursor:
            kept = []
            for table in connection.introspection.table_names(cursor):
                if table == "name_gram":  # an index of names, which cannot be read row by row
                    continue
                cursor.execute(f'SELECT * FROM "{table}"')
                kept += [
                    str(bytes(v) if isinstance(v, memoryview) else v)
                    for row in cursor.fetchall()
                    for v in row
                ]
        from django.contrib.sessions.models import Session

        kept += [str(row.get_decoded()) for row in Session.objects.all()]
        whole = "\n".join(kept)
        assert officer.email in whole
        for secret in (app.secret, waiting, *codes, PASSWORD):
            assert secret not in whole


def plain(value: object) -> str:
    return str(bytes(value) if isinstance(value, memoryview) else value)


class TestOfficersPage:
    def test_who_there_is(
        self, administrator: Officer, officer: Officer, second_administrator: Officer
    ) -> None:
        clear(officer, "cases")
        with_passkey(officer)
        page = text(signed_in(administrator).get("/desk/officers/"))
        row = page.partition(officer.email)[2].partition("</tr>")[0]
        assert "cases" in row
        assert "passkey" in row
        page = text(signed_in(administrator).get(f"/desk/officers/{officer.pk}/"))
        assert "cases" in page

    def test_a_hundred_officers_cost_no_more_queries(self, administrator: Officer) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                accounts.lines(administrator)
            return len(asked)

        before = count()
        for number in range(20):
            made = officer_without_password(f"o{number}", Role.OFFICER)
            clear(made, "cases")
            with_passkey(made)
        assert count() == before

    def test_another_role_ends_sessions_and_is_told(
        self, administrator: Officer, officer: Officer
    ) -> None:
        browser = signed_in(officer)
        boss = signed_in(administrator)
        boss.post(f"/desk/officers/{officer.pk}/change/", {"role": "officer", "office": "Oslo"})
        assert is_inside(browser)
        boss.post(f"/desk/officers/{officer.pk}/change/", {"role": "viewer", "office": "Oslo"})
        assert not is_inside(browser)
        officer.refresh_from_db()
        assert (officer.role, officer.office) == ("viewer", "Oslo")
        sign_in(browser, officer)
        assert "Your role was changed from officer to viewer" in text(browser.get("/desk/"))

    def test_closed_and_opened_again(self, administrator: Officer, officer: Officer) -> None:
        browser, boss = signed_in(officer), signed_in(administrator)
        boss.post(f"/desk/officers/{officer.pk}/deactivate/")
        assert not is_inside(browser)
        assert "do not belong together" in text(sign_in(Client(), officer))
        boss.post(f"/desk/officers/{officer.pk}/reactivate/")
        assert not is_inside(browser)  # a session that ended stays ended
        sign_in(browser, officer)
        assert is_inside(browser)

    def test_signed_out_at_once(self, administrator: Officer, officer: Officer) -> None:
        browser = signed_in(officer)
        signed_in(administrator).post(f"/desk/officers/{officer.pk}/end-sessions/")
        assert not is_inside(browser)

    @pytest.mark.parametrize("what", ["change", "deactivate", "reactivate", "end-sessions"])
    def test_never_to_oneself(self, administrator: Officer, what: str) -> None:
        browser = signed_in(administrator)
        page = browser.post(
            f"/desk/officers/{administrator.pk}/{what}/", {"role": "viewer", "office": ""}
        )
        assert "is yourself" in text(page)
        administrator.refresh_from_db()
        assert (administrator.role, administrator.is_active) == ("administrator", True)
        assert is_inside(browser)

    def test_a_last_administrator_remains(
        self, administrator: Officer, second_administrator: Officer
    ) -> None:
        """The other one is closed by hand meanwhile, as on the server."""
        Officer.objects.filter(pk=administrator.pk).update(is_active=False)
        for act in (
            lambda: accounts.deactivate(administrator, second_administrator.pk),
            lambda: accounts.change(
                administrator, second_administrator.pk, role="viewer", office=""
            ),
            lambda: accounts.change_by_host(second_administrator, "viewer", "by a command"),
        ):
            with pytest.raises(Problem, match="last administrator"):
                act()

    def test_nobody_there(self, administrator: Officer) -> None:
        browser = signed_in(administrator)
        assert browser.get("/desk/officers/99999999/").status_code == 404
        assert browser.post("/desk/officers/99999999/deactivate/").status_code == 404
