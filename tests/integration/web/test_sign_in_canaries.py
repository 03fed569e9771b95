"""What opens an account is in no log, no error page, no address that is sent on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.integration.web.conftest import PASSWORD, signed_in
from tests.support.logs import everything_logged
from tests.support.signing_in import SITE, link_on, secret_on, sign_in, text, with_app
from wayhome.officers import recovery_codes, totp
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.web.desk.urls_account import urlpatterns
from wayhome.work.clock import database_now
from wayhome.work.models import Owed
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WRONG, NEW = "canary-wrong-password", "canary new password"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    with everything_logged() as into:
        yield into


@pytest.fixture
def officer(settings: Any, officer_of: Callable[[str], Officer]) -> Officer:
    settings.WAYHOME_PUBLIC_URL = SITE
    settings.WAYHOME_SECOND_FACTOR = "required"
    return officer_of(Role.OFFICER)


def test_a_whole_life_of_an_account_leaves_no_secret_behind(
    officer: Officer,
    officer_of: Callable[[str], Officer],
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.WAYHOME_SECOND_FACTOR = "optional"  # the administrator's browser is a test's
    boss = signed_in(officer_of(Role.ADMINISTRATOR))
    said = {"email": "ada@example.org", "name": "Ada", "office": "", "role": "officer"}
    path = link_on(boss.post("/desk/officers/invite/", said))
    token = path.split("/")[3]
    settings.WAYHOME_SECOND_FACTOR = "required"
    pages: list[Any] = []
    secrets = {token, token.partition(":")[0], PASSWORD, WRONG, NEW}

    # The link, looked at, mistyped, taken.
    client = Client(raise_request_exception=False)
    pages += [client.get(path), client.get(path + "more/"), client.get(path[:-1])]
    pages += [client.post(path), client.put(path), Client(enforce_csrf_checks=True).post(path)]
    pages += [client.post("/desk/invitation/", {"password": WRONG, "again": NEW})]
    client.post("/desk/invitation/", {"password": NEW, "again": NEW})
    page = text(client.get("/desk/sign-in/set-up/"))
    secret = secret_on(page)
    secrets.add(secret)
    pages += [client.post("/desk/sign-in/", {"username": "ada@example.org", "password": WRONG})]
    pages += [client.get(path)]  # used by now

    # Codes, right and wrong.
    app = with_app(officer)
    codes = recovery_codes.make(officer)
    code = app.at(database_now())
    secrets |= {app.secret, *codes, code}
    pages += [sign_in(client, officer, WRONG), sign_in(client, officer)]
    pages += [client.post("/desk/sign-in/code/", {"code": codes[0] + "x"})]
    guarded = Client(enforce_csrf_checks=True)
    pages += [
        guarded.post("/desk/sign-in/", {"username": officer.email, "password": PASSWORD}),
        guarded.post("/desk/sign-in/code/", {"code": code}),
    ]

    # A fault in the middle of each page that is given a secret.
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a disk is full")

    everything = {
        **{"username": officer.email, "password": PASSWORD, "again": NEW, "now": PASSWORD},
        **{"code": code, "credential": f'{{"rawId": "{secret}"}}', "name": "x", "do": "later"},
    }
    monkeypatch.setattr("wayhome.officers.guard.attempt", breaks)
    monkeypatch.setattr("wayhome.officers.passkeys.use", breaks)
    monkeypatch.setattr("wayhome.officers.passkeys.make", breaks)
    monkeypatch.setattr("wayhome.officers.totp.confirm", breaks)
    monkeypatch.setattr("wayhome.officers.invitations.read", breaks)
    inside = signed_in(officer)
    inside.raise_request_exception = False
    broken = 0
    given = ("sign-in", "factor", "passkey", "set-up", "invited", "accept", "code-app")
    given += ("new-passkey", "change-password")
    for pattern in urlpatterns:
        kwargs = {name: 1 for name in pattern.pattern.converters if name != "token"}
        if "token" in pattern.pattern.converters:
            kwargs["token"] = token  # type: ignore[assignment]
        address = reverse(f"desk:{pattern.name}", kwargs=kwargs)
        for browser in (client, inside):
            answer = browser.post(address, everything if pattern.name in given else {})
            broken += answer.status_code == 500
            if pattern.name not in ("set-up", "factor", "code-app"):  # they show what they ask for
                pages.append(answer)
    assert broken >= 5
    monkeypatch.undo()

    run_until_idle()
    lines = logged.getvalue()
    assert "desk/invited/(hidden)/" in lines
    assert "a disk is full" in lines
    errors = "".join(Owed.objects.values_list("last_error", flat=True))
    for each in secrets:
        assert each not in lines
        assert each not in errors
        for page in pages:
            assert each not in page.content.decode()
            assert each not in page.get("Location", "") or page.status_code == 301


def test_the_log_says_who_was_recovered(officer: Officer, logged: io.StringIO) -> None:
    from wayhome.officers import recovery

    made = recovery.from_server(officer, "She called from Oslo")
    lines = logged.getvalue()
    assert f"WARNING wayhome.officers.accounts: officer {officer.pk}: recovered" in lines
    assert made.link not in lines
    assert totp.use(officer, "000000") is False
