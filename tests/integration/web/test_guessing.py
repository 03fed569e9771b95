"""Guessing is slow, and shuts out nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from tests.integration.web.conftest import PASSWORD
from tests.support.signing_in import SITE, sign_in, text, with_app, with_passkey
from wayhome.officers import guard
from wayhome.officers.account_models import SignInTries
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WRONG = "do not belong together"


@pytest.fixture(autouse=True)
def live(settings: Any) -> None:
    settings.WAYHOME_SECOND_FACTOR = "required"
    settings.WAYHOME_PUBLIC_URL = SITE


@pytest.fixture
def officer(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.OFFICER)


class TestGuessing:
    def guess(self, client: Client, email: str, password: str = "no", **more: Any) -> Any:
        return client.post("/desk/sign-in/", {"username": email, "password": password}, **more)

    def test_the_same_answer_whether_or_not_there_is_such_an_officer(
        self, client: Client, officer: Officer, officer_of: Callable[[str], Officer]
    ) -> None:
        closed = officer_of(Role.VIEWER)
        Officer.objects.filter(pk=closed.pk).update(is_active=False)

        def bare(page: str) -> str:
            return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|value="[^"]*@[^"]*"', "", page)

        for number in range(6):
            answers = [
                self.guess(Client(), each, REMOTE_ADDR="192.0.2.1")
                for each in (officer.email, "nobody@example.org", closed.email)
            ]
            assert len({answer.status_code for answer in answers}) == 1, number
            assert len({bare(text(answer)) for answer in answers}) == 1, number
        assert answers[0].status_code == 429
        assert int(answers[0]["Retry-After"]) > 0

    def test_hashing_takes_place_for_nobody_too(
        self, client: Client, officer: Officer, settings: Any
    ) -> None:
        """As many hashes for one who is none as for one who is."""
        settings.PASSWORD_HASHERS = ["tests.integration.web.test_guessing.Counting"]
        officer.set_password(PASSWORD)
        officer.save()
        counts = []
        for email in (officer.email, "nobody@example.org"):
            Counting.hashed = 0
            self.guess(client, email)
            counts.append(Counting.hashed)
        assert counts == [1, 1]

    def test_pauses_grow_and_the_right_password_waits_too(
        self, client: Client, officer: Officer
    ) -> None:
        with_app(officer)
        for _ in range(3):
            assert self.guess(client, officer.email).status_code == 200
        refused = self.guess(client, officer.email, PASSWORD)
        assert refused.status_code == 429
        assert "Try again in 5 seconds" in text(refused)
        age(5)
        assert WRONG in text(self.guess(client, officer.email))
        assert "in 10 seconds" in text(self.guess(client, officer.email, PASSWORD))
        age(10)
        assert "Your code" in text(self.guess(client, officer.email, PASSWORD))

    def test_knowing_the_password_gives_no_more_codes_to_guess(
        self, client: Client, officer: Officer
    ) -> None:
        with_app(officer)
        judged = 0
        for _ in range(10):
            if sign_in(client, officer).status_code == 429:
                break
            page = client.post("/desk/sign-in/code/", {"code": "000000"})
            judged += page.status_code == 200
        assert judged == 3

    def test_success_clears(self, client: Client, officer: Officer) -> None:
        app = with_app(officer)
        for _ in range(2):
            self.guess(client, officer.email)
        sign_in(client, officer)
        client.post("/desk/sign-in/code/", {"code": app.at(database_now())})
        client.post("/desk/sign-out/")
        for _ in range(3):
            assert self.guess(client, officer.email).status_code == 200

    def test_one_shared_address_shuts_out_nobody(
        self, officer: Officer, officer_of: Callable[[str], Officer]
    ) -> None:
        """An embassy of two hundred behind one address, a fool among them."""
        approver = officer_of(Role.APPROVER)
        with_app(approver)
        for number in range(200):
            self.guess(Client(), f"officer{number}@example.org")
        for _ in range(20):
            self.guess(Client(), officer.email)
        assert "Your code" in text(sign_in(Client(), approver))

    def test_nobody_is_shut_out_by_others(self, client: Client, officer: Officer) -> None:
        """Guesses from everywhere, from the officer's own network too: the browser in which they
        have signed in before does not wait."""
        device = with_passkey(officer)
        with_app(officer)
        question = client.post("/desk/sign-in/passkey/question/").json()
        client.post("/desk/sign-in/passkey/", {"credential": device.use(question)})
        client.post("/desk/sign-out/")
        for number in range(120):
            self.guess(Client(), officer.email, REMOTE_ADDR=f"198.51.100.{number}")
            self.guess(Client(), officer.email)
        assert self.guess(Client(), officer.email, PASSWORD).status_code == 429
        # From elsewhere there is one try, and after it a long pause.
        elsewhere = Client(REMOTE_ADDR="203.0.113.9")
        assert WRONG in text(self.guess(elsewhere, officer.email))
        assert "in 5 minutes" in text(self.guess(elsewhere, officer.email, PASSWORD))
        assert "Your code" in text(sign_in(client, officer))

    def test_a_mark_of_another_account_or_a_forged_one_helps_nobody(
        self, client: Client, officer: Officer, officer_of: Callable[[str], Officer]
    ) -> None:
        device = with_passkey(officer)
        question = client.post("/desk/sign-in/passkey/question/").json()
        client.post("/desk/sign-in/passkey/", {"credential": device.use(question)})
        client.post("/desk/sign-out/")
        other = officer_of(Role.APPROVER).email
        for _ in range(3):
            self.guess(Client(), other)
        assert self.guess(client, other).status_code == 429
        client.cookies["wayhome-browser"] = "forged:" + "A" * 43
        assert self.guess(client, officer.email).status_code == 200

    def test_addresses_behind_proxies_of_our_own(self, settings: Any, officer: Officer) -> None:
        settings.WAYHOME_PROXIES = 1
        for number in range(4):  # what the sender writes in front is nobody's word
            claimed = {"HTTP_X_FORWARDED_FOR": f"10.0.0.{number}, 192.0.2.5"}
            last = self.guess(Client(), officer.email, **claimed)
        assert last.status_code == 429
        other = {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 192.0.2.6"}
        assert self.guess(Client(), officer.email, **other).status_code == 200

    def test_half_of_an_ipv6_address_is_one_network(self, officer: Officer) -> None:
        for number in range(4):
            last = self.guess(Client(), officer.email, REMOTE_ADDR=f"2001:db8:1:2::{number}")
        assert last.status_code == 429
        other = self.guess(Client(), officer.email, REMOTE_ADDR="2001:db8:1:3::1")
        assert other.status_code == 200

    def test_what_is_kept_names_nobody_and_is_forgotten(self, officer: Officer) -> None:
        self.guess(Client(), officer.email, REMOTE_ADDR="192.0.2.77")
        for row in SignInTries.objects.all():
            assert re.fullmatch(r"[0-9a-f]{64}", row.key)
        assert SignInTries.objects.count() == 3
        age(2 * 86_400 + 60)
        assert guard.tidy() == 3
        assert not SignInTries.objects.exists()


def age(seconds: float) -> None:
    """Let that time pass for tries."""
    for row in SignInTries.objects.all():
        row.last_at -= timedelta(seconds=seconds)
        row.save()


class Counting(MD5PasswordHasher):
    """Counts how often it hashes."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)
