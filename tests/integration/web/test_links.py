"""Signed links: what they open, what they never do, and that forged ones all read alike."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.web.conftest import ARABIC, Links, said
from wayhome import links as signing
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Issue
from wayhome.musters import services as musters
from wayhome.officers.access import access_for
from wayhome.officers.models import Look, Officer
from wayhome.places.reading import read
from wayhome.replies.models import Reply, ReplyPrivate
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.travellers.queries import names
from wayhome.travellers.services import repoint
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.logs import HideLinks
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def hidden(page: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.decode())
    assert found
    return found[1]


def test_a_reply_is_recorded_once_however_often_it_is_sent(
    client: Client, links: Links, family: list[Registration]
) -> None:
    page = client.get(links.reply)
    sent = {
        "press": hidden(page.content, "press"),
        "answer": "needs help",
        "people": [r.traveller_id for r in family],
        "words": "No water <b>here</b>",
    }
    done = client.post(links.reply, sent, follow=True)
    client.post(links.reply, sent)

    assert Reply.objects.count() == 2  # one for each person
    assert ReplyPrivate.objects.count() == 2
    assert "needs help" in done.content.decode()
    assert "Bo H." in done.content.decode()
    assert "No water" not in done.content.decode()


def test_a_call_for_help_after_another_button_of_the_same_page_counts(
    client: Client, links: Links, family: list[Registration]
) -> None:
    """On a slow line people press the next button before the next page has come."""
    for path in (links.reply, links.trips + "answer/"):
        sent = {"press": "one-page", "people": family[0].traveller_id}
        client.post(path, sent | {"answer": "safe"})
        shown = client.post(path, sent | {"answer": "needs help"}, follow=True)
        client.post(path, sent | {"answer": "needs help", "words": "Cellar"})
        said = Reply.objects.order_by("-pk").values_list("answer", flat=True)[:3]
        assert list(said) == ["needs help", "needs help", "safe"]
        assert "needs help" in shown.content.decode()


def test_no_number_of_a_press_breaks_a_page(
    client: Client, links: Links, family: list[Registration]
) -> None:
    for press in ("\0", "x" * 500, "é", ""):
        sent = {"press": press, "answer": "safe", "people": family[0].traveller_id}
        assert client.post(links.reply, sent).status_code == 302
        assert client.post(links.trips + "answer/", sent).status_code == 302
        page = client.get(links.reply + "done/", {"press": press})
        assert page.status_code == 200
        assert "Nothing was recorded" in page.content.decode()


def test_a_reply_needs_no_cookie(links: Links, family: list[Registration]) -> None:
    strict = Client(enforce_csrf_checks=True)
    sent = {"press": "a1", "answer": "safe", "people": family[0].traveller_id}
    assert strict.post(links.reply, sent).status_code == 302
    assert strict.post(links.trips + "answer/", sent | {"press": "a2"}).status_code == 302
    assert Reply.objects.count() == 2


def test_the_page_shows_initials_and_the_message_in_its_language(
    client: Client, links: Links
) -> None:
    page = client.get(links.reply).content.decode()
    assert '(<span dir="auto">A. H.</span>)' in page
    assert "Amina" not in page
    assert f'<h1 lang="ar" dir="auto">{ARABIC}</h1>' in page  # as the address wishes
    page = client.get(links.reply + "?language=en").content.decode()
    assert '<h1 lang="en" dir="auto">Leave Mosul</h1>' in page


def test_enter_in_a_box_presses_nothing(client: Client, links: Links) -> None:
    """The first button of a form is what Enter presses: there it is a disabled one."""
    for path in (links.reply, links.trips):
        page = client.get(path).content.decode()
        for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
            first = re.search(r"<button[^>]*>", form)
            assert first
            assert "disabled" in first[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answer": "fine"}, "is not asked"),
        ({"answer": "received"}, "is not asked"),
        ({"people": ""}, "nobody you answer for"),
        ({"people": "999999"}, "nobody you answer for"),
        ({"people": "1' OR 1=1"}, "nobody you answer for"),
        ({"words": "x" * 1001}, "1001 characters"),
    ],
)
def test_a_fault_in_an_answer_is_said_and_keeps_the_words(
    client: Client,
    links: Links,
    family: list[Registration],
    change: dict[str, str],
    words: str,
) -> None:
    sent = {"press": "p", "answer": "safe", "people": family[0].traveller_id, "words": "At home"}
    for path in (links.reply, links.trips + "answer/"):
        answer = client.post(path, sent | change)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert change.get("words", "At home") in answer.content.decode()
    assert Reply.objects.count() == 0


def test_the_newest_of_the_thread_is_shown(
    client: Client, links: Links, author: Officer, signer: Officer, issue: Issue
) -> None:
    bulletins.begin_cancel(author, issue.bulletin_id)
    bulletins.submit(author, issue.bulletin_id)
    run_until_idle()
    issue.bulletin.refresh_from_db()
    bulletins.sign(signer, issue.bulletin_id, issue.bulletin.readbacks.latest("pk").pk)
    bulletins.publish(author, issue.bulletin_id)
    page = client.get(links.reply + "?language=en").content.decode()
    assert "has been cancelled" in page
    assert "Mosul is calm." in page
    assert "I need help" in page


def test_forged_old_and_revoked_links_all_read_alike(
    client: Client, links: Links, family: list[Registration]
) -> None:
    reply, trips = links.reply.split("/")[2], links.trips.split("/")[2]
    good_reply = signing.read_reply(reply)
    wrong = [
        "/r/x/",
        "/my/x/",
        f"/r/{reply[:-1]}/",
        f"/r/{trips}/",
        f"/my/{reply}/",
        "/my/" + "A" * 5000 + "/",
        f"/my/{signing.trips_token(signing.TripsLink(10**9, 1))}/",
        f"/r/{signing.reply_token(signing.ReplyLink(10**9, 1, 1, 1))}/",
    ]
    bodies = set()
    for path in wrong:
        for suffix in ("", "stays/1/" if path.startswith("/my/") else "done/"):
            answer = client.get(path + suffix)
            assert answer.status_code == 404, path + suffix
            bodies.add(answer.content)
    Registration.objects.filter(pk=family[0].pk).update(link_epoch=2)
    ContactPoint.objects.filter(pk=good_reply.contact_point_id).update(link_epoch=2)
    for path in (links.reply, links.trips):
        answer = client.get(path)
        assert answer.status_code == 404
        bodies.add(answer.content)
        sent = {"press": "p", "answer": "safe", "people": family[0].traveller_id}
        assert client.post(path + ("answer/" if "/my/" in path else ""), sent).status_code == 404
    assert Reply.objects.count() == 0
    assert len(bodies) == 1
    assert b"This link does not hold" in bodies.pop()


def is_ours(found: object) -> bool:
    return isinstance(found, HideLinks)


def test_no_log_holds_the_secret_of_a_link(links: Links) -> None:
    token = links.reply.split("/")[2]
    handler = next(h for h in logging.getLogger().handlers if any(map(is_ours, h.filters)))
    record = logging.LogRecord(
        "x", logging.WARNING, "", 0, "Not Found: %s", (f"{links.reply}",), None
    )
    assert handler.filter(record)
    assert token not in handler.format(record)
    assert "Not Found: /r/(hidden)/" in handler.format(record)


def test_my_trips_shows_what_concerns_me(
    client: Client, links: Links, family: list[Registration]
) -> None:
    client.post(
        links.trips + "answer/",
        {"press": "p", "answer": "departed", "people": family[0].traveller_id},
    )
    page = client.get(links.trips).content.decode()
    for shown in ("Amina Haddad", "Bo Haddad", "Mosul, Iraq", ARABIC, "has left"):
        assert shown in page
    assert Stay.objects.filter(is_current=True, departure_confirmed=True).count() == 0


def test_a_last_day_is_changed_and_the_old_version_kept(
    client: Client, links: Links, family: list[Registration]
) -> None:
    own = Stay.objects.get(trip__registration=family[0])
    path = f"{links.trips}stays/{own.pk}/"
    page = client.get(path).content
    assert b'value="Mosul, Iraq"' in page
    longer = own.arrive + timedelta(days=40)
    sent = {"place": own.words, "arrive": own.arrive.isoformat(), "depart": longer.isoformat()}
    assert client.post(path, sent).status_code == 302
    new = Stay.objects.get(trip__registration=family[0], is_current=True)
    assert (new.version, new.depart, new.words, new.radius_m) == (
        2,
        longer,
        own.words,
        own.radius_m,
    )
    # Sent again from the page that shows the old version: said, not lost and not done twice.
    again = client.post(path, sent)
    assert again.status_code == 422
    assert "changed meanwhile" in again.content.decode()
    assert client.get(path).status_code == 404


def test_a_place_is_changed_or_its_fault_is_said(
    client: Client, links: Links, family: list[Registration]
) -> None:
    child = Stay.objects.get(trip__registration=family[1])
    path = f"{links.trips}stays/{child.pk}/"
    sent = {"place": "Qqqqq", "arrive": child.arrive.isoformat(), "depart": ""}
    answer = client.post(path, sent)
    assert answer.status_code == 422
    assert 'href="#id_place"' in answer.content.decode()
    assert 'href="#id_depart"' in answer.content.decode()
    sent |= {"place": "Erbil", "country": "Iraq", "resident": "on"}
    assert client.post(path, sent).status_code == 302
    new = Stay.objects.get(trip__registration=family[1], is_current=True)
    assert (new.words, new.depart) == ("Erbil, Iraq", None)


def test_during_a_roll_call_both_places_count(
    client: Client, links: Links, family: list[Registration], author: Officer
) -> None:
    musters.open_muster(author, name="Mosul", region=read("Nineveh, Iraq"), starts_at=clock.now())
    run_until_idle()
    own = Stay.objects.get(trip__registration=family[0])
    sent = {"place": "Paris", "country": "France", "resident": "on"}
    sent["arrive"] = own.arrive.isoformat()
    answer = client.post(f"{links.trips}stays/{own.pk}/", sent, follow=True)
    page = answer.content.decode()
    assert "both places count" in page
    assert "as you said during the roll call" in page
    assert Stay.objects.filter(trip__registration=family[0], is_current=True).count() == 2


def test_days_change_and_a_place_that_was_not_touched_stays_what_it_was(
    client: Client, form: dict[str, str]
) -> None:
    """There are two Suzhous in China: read again, the words would not say which."""
    place = {"stay-0-place": "Suzhou, Jiangsu, China", "stay-0-country": ""}
    token = re.search(rb"/my/[^\"]+/", client.post("/enrol/", form | place, follow=True).content)
    assert token
    stay = Stay.objects.order_by("pk")[0]
    path = f"{token[0].decode()}stays/{stay.pk}/"
    sent = {"place": stay.words, "arrive": (stay.arrive - timedelta(days=1)).isoformat()}
    far = client.post(path, sent | {"depart": "9999-12-31"})
    assert far.status_code == 422
    assert "more than five years ahead" in far.content.decode()
    assert client.post(path, sent | {"resident": "on"}).status_code == 302
    new = Stay.objects.get(trip=stay.trip, is_current=True)
    assert (new.words, new.areas, new.lon, new.depart) == (stay.words, stay.areas, stay.lon, None)


def test_nobody_changes_another_family_s_stay(
    client: Client, links: Links, form: dict[str, str]
) -> None:
    client.post("/enrol/", form)
    other = Stay.objects.order_by("-pk")[0]
    sent = {"place": "Erbil, Iraq", "arrive": other.arrive.isoformat(), "resident": "on"}
    assert client.post(f"{links.trips}stays/{other.pk}/", sent).status_code == 422
    assert client.get(f"{links.trips}stays/{other.pk}/").status_code == 404
    assert Stay.objects.get(pk=other.pk).is_current


def test_a_child_stays_in_care_when_records_are_joined_and_parted(
    client: Client, links: Links, family: list[Registration], form: dict[str, str]
) -> None:
    client.post("/enrol/", form | {"people": "1", "person-0-name": "Amina H."})
    twin = Registration.objects.order_by("-pk")[0].traveller
    adult, child = family
    was = adult.traveller
    sent: dict[str, object] = {"answer": "safe"}
    for now, before in ((twin, was), (was, twin)):
        repoint(adult, now, why="same passport, or not", by_officer=None)
        run_until_idle()
        assert "Bo H." in client.get(links.reply).content.decode()
        assert "Bo Haddad" in client.get(links.trips).content.decode()
        sent |= {"people": [now.pk, child.traveller_id]}
        assert client.post(links.reply, sent).status_code == 302
        sent |= {"people": [before.pk]}
        assert client.post(links.reply, sent).status_code == 422
    # What was said by this family's link is theirs still.
    assert set(Reply.objects.values_list("registration", flat=True)) == {adult.pk, child.pk}


def test_a_person_sees_who_looked_after_a_day_but_no_name_and_no_case(
    client: Client, links: Links, family: list[Registration], author: Officer
) -> None:
    person = family[0].traveller_id
    for purpose in ("muster of Mosul", "cases: muster of Mosul"):
        names(access_for(author, purpose), "test", [person, family[1].traveller_id])
    assert "muster of Mosul" not in client.get(links.trips).content.decode()
    Look.objects.update(hour=clock.now() - timedelta(hours=25))
    page = client.get(links.trips).content.decode()
    assert page.count("muster of Mosul") == 1
    assert "cases:" not in page
    assert "Baghdad" in page
    assert author.name not in page


def test_what_is_for_verified_persons_or_officers_stays_closed(
    client: Client, author: Officer, signer: Officer, form: dict[str, str]
) -> None:
    token = re.search(rb"/my/[^\"]+/", client.post("/enrol/", form, follow=True).content)
    assert token
    for who in ("verified persons", "officers", "enrolled"):
        made = bulletins.draft(author, said(distribution=who, hazard=f"for {who}"))
        made.texts.filter(language="en").update(headline=f"Headline for {who}")
        bulletins.submit(author, made.pk)
        run_until_idle()
        counted = made.readbacks.latest("pk")
        bulletins.sign(signer, made.pk, counted.pk, counted.counts["people"])
        bulletins.publish(author, made.pk, counted.counts["people"])
        run_until_idle()
    path = token[0].decode()
    page = client.get(path).content.decode()
    assert "Headline for enrolled" in page
    assert "Headline for verified" not in page
    assert "Headline for officers" not in page
    home = client.get("/").content.decode()
    assert "Headline for" not in home
