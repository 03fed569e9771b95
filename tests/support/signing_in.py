"""Officers with both factors, and what pages of signing in say."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pyotp
from django.test import Client

from tests.integration.web.conftest import PASSWORD
from tests.support.soft_device import SoftDevice
from wayhome.officers import passkeys, totp
from wayhome.officers.account_models import Totp
from wayhome.officers.models import Officer
from wayhome.work.clock import database_now

SITE = "https://desk.example.org"


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def sign_in(client: Client, officer: Officer, password: str = PASSWORD, **more: str) -> Any:
    said = {"username": officer.email, "password": password} | more
    return client.post("/desk/sign-in/", said)


def with_app(officer: Officer) -> pyotp.TOTP:
    """The officer's code app, set up a while ago."""
    app = pyotp.TOTP(totp.new_secret())
    totp.confirm(officer, app.secret, app.at(database_now()))
    Totp.objects.update(used_step=0)
    return app


def with_passkey(officer: Officer, **how: Any) -> SoftDevice:
    device = SoftDevice(SITE, **how)
    question = passkeys.ask_to_make(officer)
    passkeys.make(officer, question.state, device.make(question.options), "Laptop")
    return device


def is_inside(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def link_on(answer: Any) -> str:
    """The path of the link that a page shows once."""
    found = re.search(
        r'<code id="link">https://desk\.example\.org(/desk/invited/[^<]+)<', text(answer)
    )
    assert found, text(answer)
    return found[1]


def secret_on(page: str) -> str:
    """The code app's secret in letters."""
    found = re.search(r'<code id="secret">(\w+)</code>', page)
    assert found, page
    return found[1]
