"""The page of an issue: what it says of the sending, stop and resume, and alarms on every page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.integration.web.conftest import said, signed_in
from tests.support.relays import Scripted, is_down, set_relays
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue, State
from wayhome.delivery.models import Delivery, DispatchStep, Slice
from wayhome.officers.models import Officer
from wayhome.travellers.models import Registration
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.services import run_one_due
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def owed_issue(author: Officer, signer: Officer, submitted: Bulletin) -> Issue:
    """Published and planned; nothing of it is sent yet."""
    newest = submitted.readbacks.latest("pk")
    bulletins.sign(signer, submitted.pk, newest.pk)
    published = bulletins.publish(author, submitted.pk)
    while run_one_due():
        pass
    return published


def page_of(client: Client, issue: Issue) -> str:
    return client.get(f"/desk/issues/{issue.pk}/").content.decode()


def test_it_tells_sent_delivered_and_answered_apart(desk: Client, issue: Issue) -> None:
    page = page_of(desk, issue)
    for figure in (
        "<b>2</b>people in the audience", "<b>2</b>messages planned", "<b>2</b>sent",
        "<b>0</b>delivered", "<b>0</b>people answered", "<b>0</b>owed",
    ):  # fmt: skip
        assert figure in page
    assert "messages are files, and reached nobody" in page
    for absent in ("failed for good", "withdrawn</li>", "too old to send", "held</li>"):
        assert absent not in page


def test_what_is_owed_says_when_it_will_have_left(
    desk: Client, owed_issue: Issue, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(desk, owed_issue)
    assert "When the rest will have left" in page
    assert "unknown yet" in page
    set_relays(monkeypatch, settings, Scripted("relay.example:25", is_down))
    Slice.objects.filter(channel="mail").update(route="smtp")
    run_until_idle()
    page = page_of(desk, owed_issue)
    assert "waiting: relay relay.example:25 down until" in page
    assert "last error: connection refused" in page


def test_stopped_is_said_loudly_and_is_no_correction(
    desk: Client, second_desk: Client, author: Officer, owed_issue: Issue
) -> None:
    path = f"/desk/issues/{owed_issue.pk}/"
    no_reason = desk.post(f"{path}stop/", {"why": " "})
    assert no_reason.status_code == 422
    assert "say why" in no_reason.content.decode()
    page = desk.post(f"{path}stop/", {"why": "The road <is> open"}, follow=True).content.decode()
    run_until_idle()
    assert Delivery.objects.filter(state="sent").count() == 0
    page = page_of(desk, owed_issue)
    for shown in (
        "Stopped by", author.name, ": 2 held", "The road &lt;is&gt; open", "It is no correction.",
        "Begin an update", "Begin a cancel", "Resume the sending",
    ):  # fmt: skip
        assert shown in page
    assert "Stop the sending" not in page
    again = second_desk.post(f"{path}stop/", {"why": "too"})
    assert "stopped already" in again.content.decode()

    second_desk.post(f"{path}resume/", {"why": "It is not"})
    run_until_idle()
    page = page_of(desk, owed_issue)
    assert "<b>2</b>sent" in page
    assert page.count("It is not") == 1
    assert "Stopped by <span" in page
    assert "Resumed by <span" in page
    assert ": 2 held" not in page
    assert list(DispatchStep.objects.values_list("did", "why")) == [
        ("stopped", "The road <is> open"),
        ("resumed", "It is not"),
    ]


def test_a_cancel_is_begun_from_there(desk: Client, owed_issue: Issue) -> None:
    desk.post(f"/desk/issues/{owed_issue.pk}/stop/", {"why": "wrong"})
    bulletin = owed_issue.bulletin
    desk.post(f"/desk/bulletins/{bulletin.pk}/cancel/")
    bulletin.refresh_from_db()
    assert (bulletin.state, bulletin.issue_kind) == (State.DRAFT, "cancel")
    page = page_of(desk, owed_issue)
    assert "Begin a cancel" not in page
    assert "To the bulletin" in page


def test_who_may_not_publish_may_not_stop(officer_of: Any, owed_issue: Issue) -> None:
    viewer = signed_in(officer_of("viewer"))
    assert "Stop the sending" not in page_of(viewer, owed_issue)
    answer = viewer.post(f"/desk/issues/{owed_issue.pk}/stop/", {"why": "x"})
    assert answer.status_code == 403
    assert not DispatchStep.objects.exists()


def test_a_replaced_issue_cannot_be_stopped_from_its_page(
    desk: Client, author: Officer, signer: Officer, issue: Issue
) -> None:
    draft = bulletins.begin_update(author, issue.bulletin_id, said(hazard="More"))
    bulletins.submit(author, draft.pk)
    run_until_idle()
    bulletins.sign(signer, draft.pk, draft.readbacks.latest("pk").pk)
    bulletins.publish(author, draft.pk)
    page = page_of(desk, issue)
    assert "Stop the sending" not in page
    assert "has replaced it" in page
    for turn in ("stop", "resume"):
        answer = desk.post(f"/desk/issues/{issue.pk}/{turn}/", {"why": "wrong"})
        assert answer.status_code == 422
        assert f"issue {issue.bulletin.issues.latest('pk').pk} speaks now" in (
            answer.content.decode()
        )
    assert not DispatchStep.objects.exists()


def test_an_alarm_is_on_every_page_of_the_desk_and_says_what_to_do(
    desk: Client, client: Client, owed_issue: Issue, family: list[Registration], settings: Any
) -> None:
    settings.WAYHOME_ALARM_MINUTES = 10
    settings.SESSION_COOKIE_AGE = 10**9
    Slice.objects.update(due_at=database_now() - timedelta(minutes=11))
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        clock.forget_offset()
        for path in ("/desk/", "/desk/owed/", "/desk/musters/", "/desk/bulletins/new/"):
            page = desk.get(path).content.decode()
            assert page.count("nothing handed over within 10 minutes") == 1, path
            assert f"/desk/issues/{owed_issue.pk}/" in page
            assert "See that a worker runs" in page
        page = page_of(desk, owed_issue)
        assert page.count("nothing handed over within 10 minutes") == 1
        assert "Alarm: nothing handed over" in page
        for path in ("/desk/sign-in/", "/"):  # nothing of it for strangers
            assert "handed over" not in client.get(path).content.decode()
        run_until_idle()
        assert "Alarm" not in desk.get("/desk/").content.decode()
    assert "Alarm" not in page_of(desk, owed_issue)


def test_canaries_are_shown_with_what_came_of_them(
    desk: Client, author: Officer, signer: Officer, submitted: Bulletin, settings: Any
) -> None:
    settings.WAYHOME_CANARIES = ["canary@office.example"]
    bulletins.sign(signer, submitted.pk, submitted.readbacks.latest("pk").pk)
    issue = bulletins.publish(author, submitted.pk)
    page = page_of(desk, issue)
    assert "this issue does not go there" in page
    run_until_idle()
    page = page_of(desk, issue)
    assert "canary@office.example" in page
    assert "<strong>not yet</strong>; sent" in page
