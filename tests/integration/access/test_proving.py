"""Before publishing, signing, exporting and breaking glass: is it you? Nothing typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.support.factories import Staff, enrol_one, read_back, submit_and_sign, warning
from tests.support.signing_in import SITE, with_app, with_passkey
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue, State
from wayhome.officers.access import RECENT, NotRecent, require_recent
from wayhome.officers.account_models import OfficerSession, SignInTries
from wayhome.officers.models import AuditRow, Officer
from wayhome.web.desk import reauth
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PASSWORD = "correct horse battery staple"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def signed(staff: Staff) -> Bulletin:
    enrol_one("Ann Ash")
    bulletin = bulletins.draft(staff.author, warning())
    submit_and_sign(staff, bulletin)
    return bulletin


@pytest.fixture
def officer(staff: Staff) -> Officer:
    staff.publisher.set_password(PASSWORD)
    staff.publisher.save()
    return staff.publisher


def old_session(officer: Officer) -> Client:
    """A browser whose officer signed in twenty minutes ago."""
    client = Client()
    client.force_login(officer)
    session = client.session
    session["proved_at"] -= 20 * 60
    session.save()
    return client


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    main = page.split("<main")[1]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', main)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def test_publishing_is_asked_for_again_and_goes_on_with_what_was_typed(
    officer: Officer, signed: Bulletin
) -> None:
    client = old_session(officer)
    path = f"/desk/bulletins/{signed.pk}/publish/"
    asked = client.post(path, {"expect_count": "1"})
    assert asked.status_code == 401
    page = asked.content.decode()
    assert "Is it you?" in page
    assert not Issue.objects.exists()

    wrong = client.post("/desk/prove/", fields_of(page) | {"password": "wrong"})
    assert wrong.status_code == 401
    assert "does not prove it" in wrong.content.decode()

    right = client.post("/desk/prove/", fields_of(wrong.content.decode()) | {"password": PASSWORD})
    assert right.status_code == 200
    resumed = right.content.decode()
    assert f'action="{path}"' in resumed
    assert PASSWORD not in resumed
    assert not Issue.objects.exists()  # pressed once more, by a person
    assert client.post(path, fields_of(resumed)).status_code == 302
    assert Issue.objects.get().published_by == officer.pk
    assert AuditRow.objects.filter(deed="proved again who they are").count() == 1


def test_who_signed_in_lately_is_not_asked(officer: Officer, signed: Bulletin) -> None:
    client = Client()
    client.force_login(officer)
    sent = {"expect_count": "1"}
    assert client.post(f"/desk/bulletins/{signed.pk}/publish/", sent).status_code == 302


def test_signing_is_asked_for_again_and_reading_is_not(staff: Staff) -> None:
    enrol_one("Ann Ash")
    bulletin = bulletins.draft(staff.author, warning())
    bulletins.submit(staff.author, bulletin.pk)
    readback = read_back(bulletin)
    client = old_session(staff.signer)
    assert client.get(f"/desk/bulletins/{bulletin.pk}/").status_code == 200
    path = f"/desk/bulletins/{bulletin.pk}/sign/"
    assert client.post(path, {"readback": str(readback.pk)}).status_code == 401
    bulletin.refresh_from_db()
    assert bulletin.state == State.SUBMITTED
    # To give it back needs no password: it makes nothing public.
    assert client.post(f"/desk/bulletins/{bulletin.pk}/return/", {"why": "x"}).status_code == 302


def test_who_may_not_at_all_is_told_so_and_not_asked_for_a_password(
    staff: Staff, signed: Bulletin
) -> None:
    answer = old_session(staff.viewer).post(f"/desk/bulletins/{signed.pk}/publish/")
    assert answer.status_code == 403


def test_several_wrong_tries_end_the_session_and_keep_what_was_typed(
    officer: Officer, signed: Bulletin
) -> None:
    client = old_session(officer)
    path = f"/desk/bulletins/{signed.pk}/publish/"
    page = client.post(path, {"expect_count": "1"}).content.decode()
    for _ in range(reauth.MOST_WRONG):
        answer = client.post("/desk/prove/", fields_of(page) | {"password": "guess"})
        assert answer.status_code == 401
        page = answer.content.decode()
    assert "<h1>Sign in</h1>" in page
    assert client.get("/desk/").status_code == 302
    assert OfficerSession.objects.get().ended_why == "nobody proved who it was"
    given = fields_of(page) | {"username": officer.email, "password": PASSWORD}
    waits = client.post("/desk/sign-in/", given)  # the tries counted as those of signing in do
    assert waits.status_code == 429
    SignInTries.objects.update(last_at=database_now() - timedelta(minutes=1))
    page = waits.content.decode()
    given = fields_of(page) | {"username": officer.email, "password": PASSWORD}
    resumed = client.post("/desk/sign-in/", given).content.decode()
    assert fields_of(resumed) == {"expect_count": "1"}
    assert client.post(path, fields_of(resumed)).status_code == 302


def test_a_way_of_its_own_can_be_added(
    officer: Officer, signed: Bulletin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_token(request: object, officer: Officer) -> bool | None:
        code = getattr(request, "POST", {}).get("code", "")
        return code == "123456" if code else None

    monkeypatch.setattr(reauth, "WAYS", [reauth.by_password, by_token])
    client = old_session(officer)
    assert client.post("/desk/prove/", {}).status_code == 401
    both = {"code": "123456", "password": "wrong"}
    assert client.post("/desk/prove/", both).status_code == 401  # one wrong is wrong
    assert client.post("/desk/prove/", {"code": "123456"}).status_code == 302


class TestSecondFactor:
    """What signing in asks for, proving asks for: a stolen password alone publishes nothing."""

    def prove(self, client: Client, path: str, **how: str) -> int:
        page = client.post(path, {"expect_count": "1"}).content.decode()
        return client.post("/desk/prove/", fields_of(page) | how).status_code

    def test_the_password_needs_a_code(self, officer: Officer, signed: Bulletin) -> None:
        app = with_app(officer)
        client = old_session(officer)
        path = f"/desk/bulletins/{signed.pk}/publish/"
        assert "id_code" in client.post(path).content.decode()
        assert self.prove(client, path, password=PASSWORD) == 401
        assert self.prove(client, path, password=PASSWORD, code="000000") == 401
        code = app.at(database_now())
        assert self.prove(client, path, password=PASSWORD, code=code) == 200

    def test_a_passkey_of_one_s_own_is_enough(
        self, officer: Officer, signed: Bulletin, staff: Staff, settings: Any
    ) -> None:
        settings.WAYHOME_PUBLIC_URL = SITE
        mine, another = with_passkey(officer), with_passkey(staff.viewer)
        client = old_session(officer)
        path = f"/desk/bulletins/{signed.pk}/publish/"
        for device, answer in ((another, 401), (mine, 200)):
            question = client.post("/desk/sign-in/passkey/question/").json()
            assert self.prove(client, path, credential=device.use(question)) == answer


class TestAccounts:
    def test_what_a_stolen_session_must_not_do(self, staff: Staff) -> None:
        boss, mine = old_session(staff.administrator), old_session(staff.viewer)
        other = staff.author.pk
        for path in (
            "/desk/officers/invite/", f"/desk/officers/{other}/change/",
            f"/desk/officers/{other}/deactivate/", f"/desk/officers/{other}/end-sessions/",
            f"/desk/officers/{other}/recover/", "/desk/recoveries/1/confirm/",
        ):  # fmt: skip
            assert boss.post(path, {"why": "x"}).status_code == 401, path
        for path in (
            "passkeys/new/", "passkeys/1/remove/", "code-app/begin/", "code-app/remove/",
            "recovery-codes/", "password/", "passkeys/question/",
        ):  # fmt: skip
            assert mine.post(f"/desk/account/{path}").status_code == 401, path
        assert not AuditRow.objects.exclude(deed__in=("signed in", "cleared for a compartment"))

    def test_no_password_is_carried_along(self, officer: Officer) -> None:
        client = old_session(officer)
        page = client.post("/desk/account/password/", {"now": PASSWORD, "password": "x" * 20})
        sent = fields_of(page.content.decode())
        assert sent["next"] == "/desk/account/"
        assert "kept" not in sent
        done = client.post("/desk/prove/", sent | {"password": PASSWORD})
        assert done["Location"] == "/desk/account/"


def test_how_recent_is_recent() -> None:
    require_recent(NOW - RECENT, NOW)
    for at in (None, NOW - RECENT - timedelta(seconds=1), NOW + timedelta(seconds=1)):
        with pytest.raises(NotRecent):
            require_recent(at, NOW)
