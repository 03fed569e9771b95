"""A GET changes nothing, hostile text stays text, and every page carries its headers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from tests.integration.web.conftest import ARABIC, Links, said, signed_in
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue
from wayhome.bulletins.services import TextSaid
from wayhome.ledger.services import record_incident
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.officers.models import Officer
from wayhome.places.reading import read
from wayhome.replies.services import reply_told
from wayhome.trips.models import Stay
from wayhome.web.middleware import POLICY
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"


def rows() -> dict[str, int]:
    """How many rows every table has."""
    counted = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in ("look", "django_session"):
                cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
                counted[table] = cursor.fetchone()[0]
    return counted


@pytest.fixture
def muster(author: Officer, issue: Issue) -> Muster:
    incident = record_incident(
        author,
        what=HOSTILE,
        region=read("Mosul, Iraq"),
        happened_on=clock.today(),
        certainty="reported",
        source=HOSTILE,
        wording=HOSTILE,
    )
    opened = musters.open_muster(
        author,
        name=HOSTILE,
        region=read("Nineveh, Iraq"),
        starts_at=clock.now(),
        threads=[issue.bulletin],
        incidents=[incident],
    )
    run_until_idle()
    return opened


@pytest.fixture
def paths(issue: Issue, muster: Muster, links: Links) -> dict[str, list[str]]:
    entry = RollEntry.objects.filter(muster=muster).order_by("pk")[0]
    stay = Stay.objects.filter(is_current=True).order_by("pk")[0]
    return {
        "portal": [
            "/",
            "/enrol/",
            f"/issues/{issue.pk}/",
            links.reply,
            links.reply + "done/",
            links.reply + "done/?press=x",
            links.trips,
            links.trips + f"stays/{stay.pk}/",
            "/healthz",
            "/desk/sign-in/",
        ],
        "desk": [
            "/desk/",
            "/desk/owed/",
            "/desk/bulletins/new/",
            f"/desk/bulletins/{issue.bulletin_id}/",
            f"/desk/bulletins/{issue.bulletin_id}/readback/",
            f"/desk/issues/{issue.pk}/",
            "/desk/incidents/new/",
            "/desk/musters/",
            "/desk/musters/new/",
            f"/desk/musters/{muster.pk}/",
            f"/desk/musters/{muster.pk}/roll/?state=silent&area=IQ-NI",
            f"/desk/musters/{muster.pk}/roll/{entry.pk}/",
        ],
    }


def test_get_and_head_change_nothing(
    client: Client, desk: Client, paths: dict[str, list[str]]
) -> None:
    run_until_idle()
    before = rows()
    for who, listed in ((client, paths["portal"]), (desk, paths["portal"] + paths["desk"])):
        for path in listed:
            for method in (who.get, who.head):
                answer = method(path)
                assert answer.status_code in (200, 302), path
                assert rows() == before, path


def test_every_page_carries_its_headers(
    client: Client, desk: Client, paths: dict[str, list[str]]
) -> None:
    for path in paths["portal"] + paths["desk"]:
        answer = desk.get(path)
        assert answer["Content-Security-Policy"] == POLICY
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
        public = path in ("/", "/healthz") or path.startswith("/issues/")
        assert (answer["Cache-Control"] == "no-store") is not public, path
        assert ("noindex" in answer.get("X-Robots-Tag", "")) is not public, path
        if path != "/healthz" and answer.status_code == 200:
            page = answer.content.decode()
            assert " style=" not in page.replace("font-", ""), path
            assert "<style" not in page
            assert "javascript:" not in page
            if not path.endswith("/readback/"):
                assert '<html lang="en" dir="ltr">' in page


def test_hostile_text_in_every_field_stays_text(
    client: Client,
    desk: Client,
    second_desk: Client,
    author: Officer,
    signer: Officer,
    form: dict[str, str],
    paths: dict[str, list[str]],
    muster: Muster,
) -> None:
    clean = HOSTILE.replace("\n", "")
    done = client.post("/enrol/", form | {"person-0-name": clean, "person-1-name": clean})
    faulty = client.post("/enrol/", dict.fromkeys(form, clean) | {"people": "2", "stays": "1"})
    run_until_idle()
    entry = RollEntry.objects.filter(muster=muster).latest("pk")
    reply_told(author, entry.traveller_id, "needs help", words=clean)
    run_until_idle()
    entry.refresh_from_db()
    musters.decide(author, entry.pk, "safe", reason=clean[:50])
    texts = (TextSaid("en", clean[:160], clean, clean, clean),)
    made = bulletins.draft(author, said(source=clean, hazard=clean, texts=texts))
    bulletins.submit(author, made.pk)
    run_until_idle()
    bulletins.sign(signer, made.pk, made.readbacks.latest("pk").pk)
    published = bulletins.publish(author, made.pk)
    run_until_idle()
    bulletins.begin_update(author, made.pk)
    drawn = {
        "kind": "city",
        "city_id": 99,
        "name": clean,
        "lon": 43.1,
        "lat": 36.3,
        "radius_km": 20,
    }
    preview = {"region": json.dumps(drawn), "kind": "warning", "lead_days": 7, "grace_days": 7}
    pages = [
        client.get(done["Location"]),
        faulty,
        desk.post("/desk/preview/", preview),
        desk.post("/desk/preview/", preview | {"region": clean}),
        desk.post("/desk/bulletins/new/", dict.fromkeys(("kind", "region", "source"), clean)),
        desk.post("/desk/incidents/new/", {"what": clean, "region": clean, "wording": clean}),
        desk.post("/desk/musters/new/", {"name": clean, "region": clean, "starts_at": clean}),
        desk.get(f"/desk/bulletins/{made.pk}/"),
        desk.get(f"/desk/bulletins/{made.pk}/edit/"),
        desk.get(f"/desk/issues/{published.pk}/"),
        desk.get(f"/desk/musters/{muster.pk}/roll/?state=safe&area={clean}"),
        desk.get(f"/desk/musters/{muster.pk}/roll/{entry.pk}/"),
        *(desk.get(path) for path in paths["portal"] + paths["desk"]),
    ]
    shown = 0
    for page in pages:
        assert page.status_code in (200, 302, 422), page.request["PATH_INFO"]
        words = page.content.decode()
        shown += words.count("&lt;script&gt;alert")
        assert "<script>alert" not in words, page.request["PATH_INFO"]
        assert "<img src=x" not in words
        assert "14}}" not in words
    assert shown > 30


def test_an_exercise_is_unmistakable_on_every_page(
    client: Client,
    desk: Client,
    paths: dict[str, list[str]],
    settings: object,
) -> None:
    for path in paths["portal"] + paths["desk"]:
        assert 'class="drill"' not in desk.get(path).content.decode()
    settings.WAYHOME_EXERCISE = True  # type: ignore[attr-defined]
    for path in paths["portal"] + paths["desk"]:
        answer = desk.get(path)
        whole = "<body" in answer.content.decode()
        if whole:
            assert 'class="drill"' in answer.content.decode(), path
            assert "exercise" in answer.content.decode().split("<body")[1][:60]


def test_the_desk_says_that_no_relay_is_set(desk: Client, settings: object) -> None:
    assert "No relay is set" in desk.get("/desk/").content.decode()
    settings.WAYHOME_SMTP_URL = "smtp://relay"  # type: ignore[attr-defined]
    assert "No relay is set" not in desk.get("/desk/").content.decode()


def test_public_words_are_shown_in_the_language_of_the_browser(
    client: Client, issue: Issue
) -> None:
    for wished, words in (("ar-IQ,en;q=0.5", ARABIC), ("sv", "Leave Mosul"), ("", "Leave Mosul")):
        for path in ("/", f"/issues/{issue.pk}/"):
            page = client.get(path, headers={"Accept-Language": wished}).content.decode()
            first = page.split("<article")[1]
            assert words in first
            assert '<html lang="en" dir="ltr">' in page  # the page's own words are English


def test_health(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_unknown_pages_are_said_in_words(client: Client, desk: Client) -> None:
    for who, path in ((client, "/nothing/"), (client, "/issues/999/"), (desk, "/desk/issues/9/")):
        answer = who.get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.content.decode()


def test_lists_stay_cheap(
    desk: Client,
    author: Officer,
    issue: Issue,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    """No page asks the database once for each row."""
    for _ in range(12):
        bulletins.draft(author, said())
        musters.open_muster(
            author, name="M", region=read("Nineveh, Iraq"), starts_at=clock.now(), threads=[]
        )
    assert Bulletin.objects.count() == 13
    for path in ("/desk/", "/desk/musters/", "/desk/musters/new/", "/"):
        with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
            desk.get(path)


def test_roles_are_told_apart_on_the_first_page(officer_of: Callable[[str], Officer]) -> None:
    page = signed_in(officer_of("viewer")).get("/desk/").content.decode()
    assert "Compose" not in page
    page = signed_in(officer_of("administrator")).get("/desk/").content.decode()
    assert "Open musters" not in page
