"""Signing in: by password and code, at first, and by passkey."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client

from tests.integration.web.test_desk import compose_form
from tests.support.signing_in import (
    SITE,
    hidden,
    is_inside,
    secret_on,
    sign_in,
    text,
    with_app,
    with_passkey,
)
from tests.support.soft_device import SoftDevice
from wayhome.bulletins.models import Bulletin
from wayhome.officers import passkeys, recovery_codes, second_factor, totp
from wayhome.officers.account_models import OfficerSession, Passkey
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def live(settings: Any) -> None:
    settings.WAYHOME_SECOND_FACTOR = "required"
    settings.WAYHOME_PUBLIC_URL = SITE


@pytest.fixture
def officer(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.OFFICER)


class TestPasswordAndCode:
    def test_both_are_needed(self, client: Client, officer: Officer) -> None:
        app = with_app(officer)
        page = sign_in(client, officer, next="/desk/owed/")
        assert "Your code" in text(page)
        assert not is_inside(client)
        wrong = client.post("/desk/sign-in/code/", {"code": "000000"})
        assert "not right" in text(wrong)
        assert not is_inside(client)
        code = app.at(database_now())
        done = client.post("/desk/sign-in/code/", hidden(text(page)) | {"code": code})
        assert done["Location"] == "/desk/owed/"
        assert is_inside(client)
        assert OfficerSession.objects.get().way == OfficerSession.Way.TOTP

    def test_a_code_is_good_once(self, officer: Officer) -> None:
        app = with_app(officer)
        now = database_now()
        code, next_code = app.at(now), app.at(now + timedelta(seconds=30))
        assert second_factor.use_code(officer, f" {code[:3]} {code[3:]} ") is not None
        assert second_factor.use_code(officer, code) is None
        assert second_factor.use_code(officer, next_code) is not None
        # One that is older than a code that was taken is not taken either.
        assert second_factor.use_code(officer, app.at(now - timedelta(seconds=30))) is None

    def test_the_code_that_sets_an_app_up_opens_nothing(self, officer: Officer) -> None:
        app = pyotp.TOTP(totp.new_secret())
        code = app.at(database_now())
        totp.confirm(officer, app.secret, code)
        assert second_factor.use_code(officer, code) is None

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "12345x", "x" * 9000])
    def test_what_is_no_code_is_refused(self, officer: Officer, typed: str) -> None:
        with_app(officer)
        recovery_codes.make(officer)
        assert second_factor.use_code(officer, typed) is None

    def test_recovery_codes_stand_in_once(self, client: Client, officer: Officer) -> None:
        with_app(officer)
        first, second, *_ = recovery_codes.make(officer)
        sign_in(client, officer)
        client.post("/desk/sign-in/code/", {"code": first.upper().replace("-", " ")})
        assert "9 are left" in text(client.get("/desk/"))
        again = Client()
        sign_in(again, officer)
        assert "not right" in text(again.post("/desk/sign-in/code/", {"code": first}))
        recovery_codes.make(officer)  # those before hold no more
        assert "not right" in text(again.post("/desk/sign-in/code/", {"code": second}))
        assert not is_inside(again)

    def test_the_code_waits_ten_minutes_and_not_for_another_password(
        self, client: Client, officer: Officer
    ) -> None:
        app = with_app(officer)
        sign_in(client, officer)
        session = client.session
        held = session["coming_in"]
        session["coming_in"] = held | {"until": (database_now()).isoformat()}
        session.save()
        page = client.post("/desk/sign-in/code/", {"code": app.at(database_now())})
        assert "took too long" in text(page)
        sign_in(client, officer)
        officer.set_password("another long password")
        officer.save()
        page = client.post("/desk/sign-in/code/", {"code": app.at(database_now())})
        assert "took too long" in text(page)
        assert not is_inside(client)

    def test_the_session_gets_another_key_at_each_step(
        self, client: Client, officer: Officer
    ) -> None:
        app = with_app(officer)
        client.get("/desk/sign-in/")
        session = client.session
        session["planted"] = True
        session.save()
        client.cookies["wayhome"] = str(session.session_key)
        keys = {session.session_key}
        sign_in(client, officer)
        keys.add(client.session.session_key)
        client.post("/desk/sign-in/code/", {"code": app.at(database_now())})
        keys.add(client.session.session_key)
        assert len(keys) == 3

    def test_what_was_typed_comes_along(self, client: Client, officer: Officer) -> None:
        app = with_app(officer)
        client.force_login(officer)
        OfficerSession.objects.update(ended_at=database_now())
        ended = client.post("/desk/bulletins/new/", compose_form(**{"en-body": "Two <lines> &\n."}))
        assert ended.status_code == 401
        page = sign_in(client, officer, **hidden(text(ended)))
        page = client.post("/desk/sign-in/code/", hidden(page.content.decode()) | {"code": "1"})
        sent = hidden(page.content.decode()) | {"code": app.at(database_now())}
        page = client.post("/desk/sign-in/code/", sent)
        assert "We know it is you" in text(page)
        client.post("/desk/bulletins/new/", hidden(page.content.decode()))
        body = Bulletin.objects.get().texts.get(language="en").body
        assert body == "Two <lines> &\n."


class TestFirstSignIn:
    """An officer whom ``wayhome officer add`` made."""

    def test_nothing_is_open_before_a_second_factor(self, client: Client, officer: Officer) -> None:
        page = sign_in(client, officer, next="/desk/owed/")
        assert "A second factor" in text(page)
        for path in ("/desk/", "/desk/owed/", "/desk/account/"):
            assert client.get(path).status_code == 302
        assert "Later" not in text(page)
        client.post("/desk/sign-in/set-up/", {"do": "later"})
        assert not is_inside(client)
        secret = secret_on(text(page))
        wrong = client.post("/desk/sign-in/set-up/", {"code": "000000"})
        assert "not what the app should show" in text(wrong)
        code = pyotp.TOTP(secret).at(database_now())
        page = client.post("/desk/sign-in/set-up/", hidden(text(page)) | {"code": code})
        codes = re.findall(r"<code>([a-z0-9-]+)</code>", text(page))
        assert len(codes) == len(set(codes)) == 10
        on = client.post("/desk/sign-in/resume/", hidden(text(page)))
        assert on["Location"] == "/desk/owed/"
        assert is_inside(client)
        # From now on the app is asked for.
        assert "Your code" in text(sign_in(Client(), officer))

    def test_with_a_passkey(self, client: Client, officer: Officer) -> None:
        sign_in(client, officer)
        device = SoftDevice(SITE)
        question = client.post("/desk/sign-in/set-up/question/").json()
        page = client.post(
            "/desk/sign-in/set-up/", {"credential": device.make(question), "name": "Phone"}
        )
        assert "Keep these codes" in text(page)
        assert is_inside(client)
        assert Passkey.objects.get().name == "Phone"

    def test_strangers_are_asked_nothing(self, client: Client, officer: Officer) -> None:
        assert client.post("/desk/sign-in/set-up/question/").status_code == 403
        assert "Sign in" in text(client.get("/desk/sign-in/set-up/"))
        assert not is_inside(client)

    def test_where_it_is_optional_it_can_wait(
        self, client: Client, officer: Officer, settings: Any
    ) -> None:
        settings.WAYHOME_SECOND_FACTOR = "optional"
        sign_in(client, officer)
        assert is_inside(client)
        # Made required, those who came in by the password alone are out.
        settings.WAYHOME_SECOND_FACTOR = "required"
        assert not is_inside(client)

    @pytest.mark.parametrize(
        ("said", "exercise", "is_required"),
        [
            ("", False, True),
            ("", True, False),
            ("optional", False, False),
            ("required", True, True),
        ],
    )
    def test_what_is_required(
        self, settings: Any, said: str, exercise: bool, is_required: bool
    ) -> None:
        settings.WAYHOME_SECOND_FACTOR, settings.WAYHOME_EXERCISE = said, exercise
        assert second_factor.is_required() == is_required


class TestPasskey:
    def use(self, client: Client, device: SoftDevice, **more: str) -> Any:
        question = client.post("/desk/sign-in/passkey/question/").json()
        return client.post("/desk/sign-in/passkey/", {"credential": device.use(question)} | more)

    def test_alone_is_enough(self, client: Client, officer: Officer) -> None:
        device = with_passkey(officer)
        answer = self.use(client, device, next="/desk/owed/")
        assert answer["Location"] == "/desk/owed/"
        assert is_inside(client)
        assert OfficerSession.objects.get().way == OfficerSession.Way.PASSKEY

    def test_an_officer_is_named_to_nobody(self, client: Client, officer: Officer) -> None:
        """The question is the same for everybody, and the device keeps no mail address as key."""
        with_passkey(officer)
        asked = client.post("/desk/sign-in/passkey/question/").json()["publicKey"]
        assert not asked.get("allowCredentials")
        assert asked["userVerification"] == "required"
        handle = Passkey.objects.get().handle
        assert len(handle) > 40

    @pytest.mark.parametrize(
        "fault",
        [
            {"verifies": False},
            {"origin": "https://desk.example.org.evil.example"},
            {"origin": "https://sub.desk.example.org"},
            {"origin": "http://desk.example.org"},
            {"origin": "https://desk.example.org:8443"},
            {"handle": "AAAA"},
        ],
    )
    def test_refused(self, client: Client, officer: Officer, fault: dict[str, Any]) -> None:
        device = with_passkey(officer)
        for name, value in fault.items():
            setattr(device, name, value)
        answer = self.use(client, device)
        assert "was not accepted" in text(answer)
        assert not is_inside(client)

    def test_an_answer_is_good_once(self, client: Client, officer: Officer) -> None:
        device = with_passkey(officer, counts=False)
        question = client.post("/desk/sign-in/passkey/question/").json()
        answer = {"credential": device.use(question)}
        assert client.post("/desk/sign-in/passkey/", answer).status_code == 302
        client.post("/desk/sign-out/")
        assert "was not accepted" in text(client.post("/desk/sign-in/passkey/", answer))
        client.post("/desk/sign-in/passkey/question/")  # another question is another answer
        assert "was not accepted" in text(client.post("/desk/sign-in/passkey/", answer))
        assert not is_inside(client)

    def test_a_copied_key_is_found_by_its_counter(self, client: Client, officer: Officer) -> None:
        device = with_passkey(officer)
        self.use(client, device)
        client.post("/desk/sign-out/")
        device.counter -= 1
        assert "was not accepted" in text(self.use(client, device))

    @pytest.mark.parametrize(
        "said", ["", "{}", "[]", "null", '{"id": 1}', "x" * 30_000, '{"rawId":']
    )
    def test_nonsense_is_refused(self, client: Client, officer: Officer, said: str) -> None:
        with_passkey(officer)
        client.post("/desk/sign-in/passkey/question/")
        answer = client.post("/desk/sign-in/passkey/", {"credential": said})
        assert "was not accepted" in text(answer)

    def test_a_closed_account_stays_closed(self, client: Client, officer: Officer) -> None:
        device = with_passkey(officer)
        Officer.objects.update(is_active=False)
        assert "was not accepted" in text(self.use(client, device))

    def test_a_device_that_does_not_verify_makes_none(self, officer: Officer) -> None:
        device = SoftDevice(SITE, verifies=False)
        question = passkeys.ask_to_make(officer)
        with pytest.raises(passkeys.Problem, match="not accepted"):
            passkeys.make(officer, question.state, device.make(question.options), "x")

    @pytest.mark.parametrize(
        ("url", "possible"),
        [
            ("https://desk.example.org", True),
            ("http://localhost:8000", True),
            ("http://127.0.0.1:8000", False),
            ("https://192.0.2.7", False),
            ("http://desk.example.org", False),
        ],
    )
    def test_offered_where_browsers_do_it(
        self, client: Client, settings: Any, url: str, possible: bool
    ) -> None:
        settings.WAYHOME_PUBLIC_URL = url
        assert ("Sign in with a passkey" in text(client.get("/desk/sign-in/"))) == possible
