"""One-click unsubscribe (RFC 8058): ends a watch, never what concerns somebody who is there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.integration.web.test_links import is_ours
from tests.integration.web.test_reading import rows
from tests.support.factories import (
    PersonSaid,
    Staff,
    enrol,
    enrol_one,
    mails,
    publish,
    stay,
    work,
)
from wayhome.audience.services import find, window_of
from wayhome.bulletins.models import Issue
from wayhome.links import ReplyLink, WatchLink, reply_token, watch_token
from wayhome.places.region import parse
from wayhome.places.resolve import resolve
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.trips.models import Stay, Watch
from wayhome.trips.services import watch
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def watchers(db: None) -> list[Registration]:
    """Two adults and a child of the first, in Lisbon, who all watch Nineveh and France."""
    people = enrol(
        "Ann Ash",
        "Ben Birch",
        PersonSaid("Cas Ash", minor=True),
        stays=[stay("Lisbon, Portugal")],
    )
    for person in people:
        watch(person, "IQ-NI")
        watch(person, "FR")
    return people


@pytest.fixture
def issue(staff: Staff, watchers: list[Registration]) -> Issue:
    """For Nineveh; its delivery is owed and not done."""
    enrol_one("Zoe Zander")
    return publish(staff)


def path_of(issue: Issue, registration: Registration, epoch: int = 1) -> str:
    point = ContactPoint.objects.get(address="ann@example.org")
    return f"/w/{watch_token(WatchLink(issue.pk, point.pk, registration.pk, epoch))}/"


def open_watches() -> set[tuple[str, str]]:
    rows = Watch.objects.filter(until=None).select_related("registration__traveller")
    return {(row.registration.traveller.name, row.area) for row in rows}


def concerned(issue: Issue) -> list[int]:
    found = find(resolve(parse(issue.region)), window_of(issue))
    return [int(traveller) for traveller in found.traveller]


def test_a_mail_program_ends_the_watch_without_cookies(
    issue: Issue, watchers: list[Registration]
) -> None:
    program = Client(enforce_csrf_checks=True)
    answer = program.post(path_of(issue, watchers[0]), ONE_CLICK)
    assert answer.status_code == 200
    assert "Nineveh" in answer.content.decode()
    assert not answer.cookies
    # The adult's and the child's in her care; not the other adult's, and no other area.
    assert open_watches() == {
        ("Ben Birch", "IQ-NI"),
        ("Ann Ash", "FR"),
        ("Ben Birch", "FR"),
        ("Cas Ash", "FR"),
    }
    ended = Watch.objects.filter(until__isnull=False)
    assert {row.until is not None and row.until <= clock.now() for row in ended} == {True}
    assert watchers[0].traveller_id not in concerned(issue)
    assert watchers[1].traveller_id in concerned(issue)


def test_from_the_header_of_a_real_message(staff: Staff, outbox: Path, settings: Any) -> None:
    """Whoever only watches gets the button; the very address in it ends the watch."""
    settings.WAYHOME_PUBLIC_URL = "https://wayhome.example.org"
    watcher = enrol("Ann Ash", stays=[stay("Lisbon, Portugal")])[0]
    both = enrol("Dan Dale", mail="dan@example.org")[0]  # in Mosul
    for person in (watcher, both):
        watch(person, "IQ-NI")
    sent = publish(staff)
    work()
    letters = mails(outbox, sent)
    assert set(letters) == {"ann@example.org", "dan@example.org"}
    assert "List-Unsubscribe" not in letters["dan@example.org"]
    letter = letters["ann@example.org"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = letter["List-Unsubscribe"].strip("<>").removeprefix(settings.WAYHOME_PUBLIC_URL)
    assert Client().post(path, ONE_CLICK).status_code == 200
    assert open_watches() == {("Dan Dale", "IQ-NI")}


def test_pressed_again_it_says_so_and_changes_nothing(
    client: Client, issue: Issue, watchers: list[Registration]
) -> None:
    path = path_of(issue, watchers[0])
    client.post(path, ONE_CLICK)
    before = list(Watch.objects.order_by("pk").values())
    again = client.post(path, ONE_CLICK)
    assert again.status_code == 200
    assert list(Watch.objects.order_by("pk").values()) == before
    assert "Nothing here is watched any more" in client.get(path).content.decode()


def test_opening_the_page_changes_nothing(
    client: Client, issue: Issue, watchers: list[Registration]
) -> None:
    before, watched = rows(), open_watches()
    path = path_of(issue, watchers[0])
    for method in (client.get, client.head):
        assert method(path).status_code == 200
    page = client.get(path).content.decode()
    assert "Nineveh" in page
    assert "France" not in page
    assert '<button type="submit">Stop watching</button>' in page
    assert "Ash" not in page
    assert client.post(path, {"other": "field"}).status_code == 200
    assert (rows(), open_watches()) == (before, watched)


def test_whoever_is_there_is_not_taken_off(
    client: Client, issue: Issue, watchers: list[Registration]
) -> None:
    there = enrol_one("Dan Dale", stays=[stay("Mosul")]).registrations.get()
    watch(there, "IQ-NI")
    stays = list(Stay.objects.order_by("pk").values())
    assert client.post(path_of(issue, there), ONE_CLICK).status_code == 200
    assert ("Dan Dale", "IQ-NI") not in open_watches()
    assert there.traveller_id in concerned(issue)
    assert list(Stay.objects.order_by("pk").values()) == stays


def test_forged_and_revoked_links_end_nothing(
    client: Client, issue: Issue, watchers: list[Registration]
) -> None:
    point = ContactPoint.objects.get(address="ann@example.org")
    good = path_of(issue, watchers[0])
    other = reply_token(ReplyLink(issue.pk, point.pk, watchers[0].pk, 1))
    wrong = [
        f"/w/{other}/",
        good[:-3] + "/",
        path_of(issue, watchers[0], epoch=2),
        "/w/x/",
        f"/w/{watch_token(WatchLink(10**9, point.pk, watchers[0].pk, 1))}/",
        f"/w/{watch_token(WatchLink(issue.pk, point.pk, 10**9, 1))}/",
        f"/w/{watch_token(WatchLink(issue.pk, 10**9, watchers[0].pk, 1))}/",
    ]
    before = open_watches()
    bodies = set()
    for path in wrong:
        for answer in (client.get(path), client.post(path, ONE_CLICK)):
            assert answer.status_code == 404, path
            bodies.add(answer.content)
    ContactPoint.objects.update(link_epoch=2)
    bodies.add(client.post(good, ONE_CLICK).content)
    assert len(bodies) == 1
    assert open_watches() == before
    # A link of this kind opens nothing else.
    token = watch_token(WatchLink(issue.pk, point.pk, watchers[0].pk, 2))
    assert client.get(f"/r/{token}/").status_code == 404


def test_its_token_is_in_no_log() -> None:
    handler = next(h for h in logging.getLogger().handlers if any(map(is_ours, h.filters)))
    record = logging.LogRecord("x", logging.WARNING, "", 0, "Not Found: %s", ("/w/WzE:s/",), None)
    assert handler.filter(record)
    assert handler.format(record).endswith("Not Found: /w/(hidden)/")


def test_the_page_carries_the_headers_of_personal_pages(
    client: Client, issue: Issue, watchers: list[Registration]
) -> None:
    answer = client.get(path_of(issue, watchers[0]))
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert " style=" not in answer.content.decode()
