"""In by an invitation, and back in after everything was lost."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.test import Client

from tests.integration.web.conftest import signed_in
from tests.support.factories import make_officer as officer_without_password
from tests.support.signing_in import (
    SITE,
    is_inside,
    link_on,
    secret_on,
    sign_in,
    text,
    with_app,
    with_passkey,
)
from wayhome.letters.models import Letter
from wayhome.officers import accounts, recovery, recovery_codes, second_factor
from wayhome.officers.account_models import (
    Invitation,
    OfficerNotice,
    Passkey,
    Recovery,
)
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.work.clock import database_now
from wayhome.work.worker import run_until_idle

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


def invite(administrator: Officer, **changes: str) -> str:
    said = {"email": "ada@example.org", "name": "Ada", "office": "Rome", "role": "officer"}
    return link_on(signed_in(administrator).post("/desk/officers/invite/", said | changes))


def accept(client: Client, path: str, password: str = NEW_PASSWORD) -> Any:
    client.post(path)
    return client.post("/desk/invitation/", {"password": password, "again": password})


class TestInvitation:
    def test_from_the_link_to_the_desk(
        self, client: Client, administrator: Officer, settings: Any
    ) -> None:
        path = invite(administrator)
        settings.WAYHOME_SECOND_FACTOR = "required"
        page = client.get(path)
        assert "You are invited" in text(page)
        assert "Ada" in text(page)
        assert client.get("/desk/invitation/").status_code == 410  # looking changes nothing
        assert client.post(path)["Location"] == "/desk/invitation/"
        for password, again, words in (
            ("short", "short", "too short"),
            ("password1234", "password1234", "too common"),
            (NEW_PASSWORD, "something else", "type the same twice"),
            ("", "", "required"),
            ("x" * 201, "x" * 201, "too long"),
        ):
            page = client.post("/desk/invitation/", {"password": password, "again": again})
            assert words in text(page)
            assert not Officer.objects.filter(email="ada@example.org").exists()
        done = client.post("/desk/invitation/", {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
        assert done["Location"] == "/desk/sign-in/set-up/"
        assert not is_inside(client)
        page = client.get("/desk/sign-in/set-up/")
        secret = secret_on(text(page))
        client.post("/desk/sign-in/set-up/", {"code": pyotp.TOTP(secret).at(database_now())})
        assert is_inside(client)
        ada = Officer.objects.get(email="ada@example.org")
        assert (ada.name, ada.office, ada.role) == ("Ada", "Rome", "officer")
        assert Client().get(path).status_code == 410  # once

    def test_it_is_kept_nowhere_and_mailed_to_nobody(self, administrator: Officer) -> None:
        path = invite(administrator)
        run_until_idle()
        secret = path.split("/")[3]
        row = Invitation.objects.values().get()
        assert not [value for value in row.values() if str(value) in secret and len(str(value)) > 8]
        assert not Letter.objects.exists()
        assert secret not in text(signed_in(administrator).get("/desk/officers/"))

    def test_every_link_that_does_not_hold_reads_alike(
        self, administrator: Officer, client: Client
    ) -> None:
        used = invite(administrator, email="used@example.org")
        accept(Client(), used)
        old = invite(administrator, email="old@example.org")
        Invitation.objects.filter(email="old@example.org").update(expires_at=database_now())
        revoked = invite(administrator, email="revoked@example.org")
        number = Invitation.objects.get(email="revoked@example.org").pk
        signed_in(administrator).post(f"/desk/invitations/{number}/revoke/")
        followed = invite(administrator, email="twice@example.org")
        newest = invite(administrator, email="twice@example.org")
        forged = newest.replace(newest.split("/")[3][:6], "WyJub3")
        pages = [
            client.get(path)
            for path in (
                used,
                old,
                revoked,
                followed,
                forged,
                "/desk/invited/x/",
                f"/desk/invited/{'x' * 400}/",
            )
        ]
        assert {page.status_code for page in pages} == {410}
        assert len({text(page) for page in pages}) == 1
        assert client.get(newest).status_code == 200

    def test_withdrawn_while_somebody_types(self, administrator: Officer, client: Client) -> None:
        client.post(invite(administrator))
        Invitation.objects.update(revoked_at=database_now())
        both = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
        assert client.post("/desk/invitation/", both).status_code == 410
        assert not Officer.objects.filter(email="ada@example.org").exists()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"email": "no address"}, "is no mail address"),
            ({"email": "ADMINISTRATOR@example.org"}, "is an officer already"),
            ({"role": "emperor"}, "Select a valid choice"),
            ({"name": ""}, "required"),
        ],
    )
    def test_what_does_not_serve_is_said(
        self, administrator: Officer, changes: dict[str, str], words: str
    ) -> None:
        said = {"email": "ada@example.org", "name": "Ada", "office": "", "role": "officer"}
        page = signed_in(administrator).post("/desk/officers/invite/", said | changes)
        assert words in text(page)
        assert not Invitation.objects.exists()

    def test_whoever_is_no_administrator_any_more_has_invited_nobody(
        self, administrator: Officer, second_administrator: Officer, client: Client
    ) -> None:
        path = invite(second_administrator)
        accounts.deactivate(administrator, second_administrator.pk)
        assert client.get(path).status_code == 410


class TestRecovery:
    def ask(self, administrator: Officer, officer: Officer) -> Recovery:
        browser = signed_in(administrator)
        browser.post(f"/desk/officers/{officer.pk}/recover/", {"why": "I know her voice"})
        return Recovery.objects.get(officer=officer, closed_at__isnull=True)

    def test_one_asks_another_confirms(
        self,
        administrator: Officer,
        second_administrator: Officer,
        officer: Officer,
        client: Client,
        settings: Any,
    ) -> None:
        app = with_app(officer)
        with_passkey(officer)
        code, *_ = recovery_codes.make(officer)
        browser = signed_in(officer)
        asked = self.ask(administrator, officer)
        confirm = f"/desk/recoveries/{asked.pk}/confirm/"
        page = signed_in(administrator).post(confirm, follow=True)
        assert "let another confirm it" in text(page)
        assert is_inside(browser)
        answer = signed_in(second_administrator).post(confirm)
        path = link_on(answer)

        # Nothing that opened the account before opens it now.
        settings.WAYHOME_SECOND_FACTOR = "required"
        assert not is_inside(browser)
        assert "do not belong together" in text(sign_in(Client(), officer))
        assert second_factor.use_code(officer, app.at(database_now())) is None
        assert second_factor.use_code(officer, code) is None
        assert not Passkey.objects.exists()

        # Told by mail.
        run_until_idle()
        letters = list(Letter.objects.order_by("pk"))
        assert len(letters) == 2
        assert "by two administrators" in letters[1].text
        assert path.split("/")[3] not in "".join(letter.text for letter in letters)

        # Back in by the link, and told there as well.
        assert "Begin anew" in text(client.get(path))
        accept(client, path)
        secret = secret_on(text(client.get("/desk/sign-in/set-up/")))
        client.post("/desk/sign-in/set-up/", {"code": pyotp.TOTP(secret).at(database_now())})
        assert "by two administrators" in text(client.get("/desk/"))
        client.post("/desk/account/read/")
        assert "by two administrators" not in text(client.get("/desk/"))
        assert not OfficerNotice.objects.filter(read_at__isnull=True).exists()

    def test_the_notice_leaves_by_mail(self, officer: Officer, outbox: Path) -> None:
        """To the officer alone; it opens nothing, and no quiet hours hold it up."""
        made = recovery.from_server(officer, "She called from Oslo")
        run_until_idle()
        (path,) = outbox.glob("letters/*.eml")
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert mail["To"] == officer.email
        words = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "from the command line of the server" in " ".join(words.split())
        assert made.link not in words

    def test_withdrawn_it_confirms_nothing(
        self, administrator: Officer, second_administrator: Officer, officer: Officer
    ) -> None:
        asked = self.ask(administrator, officer)
        signed_in(administrator).post(f"/desk/recoveries/{asked.pk}/withdraw/")
        page = signed_in(second_administrator).post(
            f"/desk/recoveries/{asked.pk}/confirm/", follow=True
        )
        assert "open no more" in text(page)
        assert "do not belong" not in text(sign_in(Client(), officer))

    def test_nobody_recovers_themselves(
        self, administrator: Officer, second_administrator: Officer
    ) -> None:
        page = signed_in(administrator).post(
            f"/desk/officers/{administrator.pk}/recover/", {"why": "me"}
        )
        assert "is yourself" in text(page)
        asked = self.ask(second_administrator, administrator)
        page = signed_in(administrator).post(f"/desk/recoveries/{asked.pk}/confirm/", follow=True)
        assert "let another confirm it" in text(page)

    def test_whoever_asked_must_still_be_one(
        self, administrator: Officer, second_administrator: Officer, officer: Officer
    ) -> None:
        asked = self.ask(second_administrator, officer)
        accounts.deactivate(administrator, second_administrator.pk)
        page = signed_in(administrator).post(f"/desk/recoveries/{asked.pk}/confirm/", follow=True)
        assert "may not any more" in text(page)
