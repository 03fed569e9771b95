"""Where officers are signed in, and how that ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.web.conftest import signed_in
from tests.support.signing_in import SITE, is_inside, sign_in, text
from wayhome.officers import jobs
from wayhome.officers.account_models import OfficerSession
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def live(settings: Any) -> None:
    settings.WAYHOME_PUBLIC_URL = SITE


@pytest.fixture
def officer(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.OFFICER)


@pytest.fixture
def administrator(live: None, officer_of: Callable[[str], Officer]) -> Officer:
    return officer_of(Role.ADMINISTRATOR)


class TestSessions:
    def test_the_list_and_its_buttons(self, officer: Officer) -> None:
        here = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0")
        sign_in(here, officer)
        there = Client(
            HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36",
            REMOTE_ADDR="192.0.2.44",
        )
        sign_in(there, officer)
        third = signed_in(officer)
        page = text(here.get("/desk/account/"))
        assert "Firefox on Linux (this one)" in page
        assert "Chrome on Windows" in page
        assert "192.0.2.44" in page
        own, other = OfficerSession.objects.order_by("pk").values_list("pk", flat=True)[:2]
        here.post(f"/desk/account/sessions/{own}/end/")
        assert is_inside(here)
        here.post(f"/desk/account/sessions/{other}/end/")
        assert not is_inside(there)
        assert is_inside(third)
        here.post("/desk/account/sessions/end-others/")
        assert not is_inside(third)
        assert is_inside(here)

    def test_nobody_ends_anothers(self, officer: Officer, administrator: Officer) -> None:
        browser = signed_in(administrator)
        number = OfficerSession.objects.get().pk
        signed_in(officer).post(f"/desk/account/sessions/{number}/end/")
        assert is_inside(browser)

    def test_signing_out_ends_it(self, officer: Officer) -> None:
        browser = signed_in(officer)
        stolen = Client()
        stolen.cookies = browser.cookies.copy()  # type: ignore[assignment]
        browser.post("/desk/sign-out/")
        assert not is_inside(stolen)
        assert OfficerSession.objects.get().ended_why == "signed out"

    def test_idle_and_old_ones_are_out(self, officer: Officer, settings: Any) -> None:
        settings.WAYHOME_SESSION_IDLE_MINUTES, settings.WAYHOME_SESSION_HOURS = 30, 8
        now = database_now()
        for seen, began, inside in (
            (timedelta(minutes=29), timedelta(hours=7), True),
            (timedelta(minutes=30), timedelta(hours=7), False),
            (timedelta(0), timedelta(hours=8), False),
        ):
            browser = signed_in(officer)
            OfficerSession.objects.filter(ended_at__isnull=True).update(
                seen_at=now - seen, began_at=now - began
            )
            assert is_inside(browser) == inside
            OfficerSession.objects.update(ended_at=now)

    def test_a_page_that_keeps_itself_fresh_keeps_nobody_in(self, officer: Officer) -> None:
        browser = signed_in(officer)
        early = database_now() - timedelta(minutes=20)
        OfficerSession.objects.update(seen_at=early)
        browser.get("/desk/", headers={"HX-Request": "true"})
        assert OfficerSession.objects.get().seen_at == early
        browser.get("/desk/")
        assert OfficerSession.objects.get().seen_at > early

    def test_an_exercise_that_plays_another_day_ends_none(
        self, officer: Officer, settings: Any
    ) -> None:
        from wayhome.work.instance import set_exercise_clock

        settings.WAYHOME_EXERCISE = True
        browser = signed_in(officer)
        set_exercise_clock(database_now() + timedelta(days=400))
        assert is_inside(browser)

    def test_only_pages_that_ask_read_the_session(
        self, officer: Officer, administrator: Officer
    ) -> None:
        browser = signed_in(officer)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get("/")
        assert not [query for query in asked if "session" in query["sql"]]

    def test_what_strangers_begin_is_soon_forgotten(self, officer: Officer) -> None:
        def lasts(browser: Client) -> timedelta:
            return timedelta(seconds=browser.session.get_expiry_age())

        stranger = Client()
        stranger.post("/desk/sign-in/passkey/question/")
        assert lasts(stranger) == timedelta(minutes=30)
        sign_in(stranger, officer)
        assert lasts(stranger) == timedelta(hours=12)

    def test_old_ones_are_forgotten(self, officer: Officer) -> None:
        from django.contrib.sessions.models import Session

        signed_in(officer)
        kept = signed_in(officer)
        first = OfficerSession.objects.order_by("pk")[0]
        first.began_at = first.ended_at = database_now() - timedelta(days=91)
        first.save()
        Session.objects.exclude(session_key=kept.session.session_key).update(
            expire_date=database_now() - timedelta(seconds=1)
        )
        jobs.tidy("")
        assert OfficerSession.objects.count() == Session.objects.count() == 1
        assert is_inside(kept)
