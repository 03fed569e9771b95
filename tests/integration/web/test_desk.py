"""The desk: who may do what, two officers, races."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from tests.integration.web.conftest import ARABIC, PASSWORD, said
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue, State
from wayhome.bulletins.services import TextSaid
from wayhome.officers.account_models import OfficerSession
from wayhome.officers.models import Look, Officer
from wayhome.officers.sealing import seal
from wayhome.places.reading import read
from wayhome.places.region import dump
from wayhome.travellers.models import Registration
from wayhome.web.desk.known_browser import mark_of
from wayhome.web.desk.urls import urlpatterns
from wayhome.web.desk.urls_account import OPEN
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def guarded() -> list[URLPattern]:
    return [each for each in urlpatterns if each.name not in OPEN]


def address(pattern: URLPattern) -> str:
    values = dict.fromkeys(pattern.pattern.converters, 1)
    if "step" in values:
        values["step"] = "submit"  # type: ignore[assignment]
    return reverse(f"desk:{pattern.name}", kwargs=values)


@pytest.mark.parametrize("pattern", guarded(), ids=lambda pattern: pattern.name)
def test_every_page_refuses_strangers(client: Client, pattern: URLPattern) -> None:
    for method in (client.get, client.post):
        answer = method(address(pattern))
        if answer.status_code != 405:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/desk/sign-in/?next=/desk/")


def test_signing_in_and_out(client: Client, author: Officer) -> None:
    wrong = client.post("/desk/sign-in/", {"username": author.email, "password": "wrong"})
    unknown = client.post("/desk/sign-in/", {"username": "no@example.org", "password": "wrong"})
    for answer in (wrong, unknown):
        assert "do not belong together" in answer.content.decode()
    inside = client.post(
        "/desk/sign-in/",
        {"username": author.email.upper(), "password": PASSWORD, "next": "/desk/owed/"},
    )
    assert inside["Location"] == "/desk/owed/"
    assert client.get("/desk/sign-out/").status_code == 405
    client.post("/desk/sign-out/")
    assert client.get("/desk/").status_code == 302
    elsewhere = {"username": author.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/desk/sign-in/", elsewhere)["Location"] == "/desk/"


def test_signing_in_leads_back_to_a_page_that_can_be_opened(
    client: Client, author: Officer, draft: Bulletin
) -> None:
    who = {"username": author.email, "password": PASSWORD}
    for answer in (
        client.get(f"/desk/bulletins/{draft.pk}/"),
        client.post(f"/desk/bulletins/{draft.pk}/submit/"),
    ):
        next_page = answer["Location"].partition("?next=")[2]
        page = client.post("/desk/sign-in/", who | {"next": next_page}, follow=True)
        assert page.status_code == 200
        assert "Leave Mosul" in page.content.decode()
        client.post("/desk/sign-out/")
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_an_account_that_was_closed_is_out_at_once(desk: Client, author: Officer) -> None:
    author.is_active = False
    author.save()
    assert desk.get("/desk/").status_code == 302


def compose_form(**changes: str) -> dict[str, str]:
    later = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    return {
        "do": "keep",
        "kind": "warning",
        "distribution": "public",
        "ask": "safety",
        "source": "Foreign Ministry",
        "hazard": "Fighting",
        "region": "Nineveh, Iraq",
        "expires_at": later,
        "lead_days": "7",
        "grace_days": "7",
        "en-headline": "Leave Mosul",
        "en-body": "There is fighting.",
        "en-instruction": "Go north.",
        "en-correction": "It is calm.",
    } | changes


class TestSessionThatEnded:
    """Somebody typed for an hour, and their session ended meanwhile."""

    def hidden(self, page: str) -> dict[str, str]:
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
        return {name: unescape(value) for name, value in found}

    def ended(self, client: Client, officer: Officer) -> Any:
        """They sign in, type, and their session ends before they press the button."""
        client.post("/desk/sign-in/", {"username": officer.email, "password": PASSWORD})
        OfficerSession.objects.filter(officer=officer).update(ended_at=clock.database_now())
        typed = compose_form(**{"en-body": 'There is "fighting" & more.\nIn two lines.'})
        return client.post("/desk/bulletins/new/", typed)

    def test_what_was_typed_is_sent_after_signing_in(self, client: Client, author: Officer) -> None:
        ended = self.ended(client, author)
        assert ended.status_code == 401
        assert not Bulletin.objects.exists()
        sent = self.hidden(ended.content.decode())
        again = client.post("/desk/sign-in/", sent | {"username": author.email, "password": "no"})
        assert "do not belong together" in again.content.decode()
        sent = self.hidden(again.content.decode())
        inside = client.post(
            "/desk/sign-in/", sent | {"username": author.email, "password": PASSWORD}
        )
        page = inside.content.decode()
        assert inside.status_code == 200
        assert 'action="/desk/bulletins/new/"' in page
        assert not Bulletin.objects.exists()  # until the button is pressed
        done = client.post("/desk/bulletins/new/", self.hidden(page))
        assert done.status_code == 302
        text = Bulletin.objects.get().texts.get(language="en")
        assert text.body == 'There is "fighting" & more.\nIn two lines.'

    @pytest.mark.parametrize(
        "path", ["https://evil.example/desk/", "//evil.example/", "/enrol/", "/desk/nowhere/", "x"]
    )
    def test_it_is_sent_to_no_other_place(self, client: Client, author: Officer, path: str) -> None:
        said = json.dumps([mark_of(author.email), path, [["do", "keep"]]])
        sent = {"kept": seal(said).decode()}
        answer = client.post(
            "/desk/sign-in/", sent | {"username": author.email, "password": PASSWORD}
        )
        assert (answer.status_code, answer["Location"]) == (302, "/desk/")

    def test_hostile_words_stay_words(self, client: Client, author: Officer) -> None:
        self.ended(client, author)
        hostile = {'"><script>': '"><script>alert(1)</script>'}
        ended = client.post("/desk/bulletins/new/", hostile)
        sent = self.hidden(ended.content.decode())
        who = {"username": author.email, "password": PASSWORD}
        page = client.post("/desk/sign-in/", sent | who)
        for each in (ended, page):
            assert "<script>alert" not in each.content.decode()
            assert '"><script>' not in each.content.decode()
        assert "alert(1)" in page.content.decode()

    def test_two_tabs(self, author: Officer) -> None:
        """They sign in again in a second tab, then press the button of the first, whose token is
        that of the session before."""
        browser = Client(enforce_csrf_checks=True)

        def press(path: str, page: Any, **more: str) -> Any:
            token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1]
            said = self.hidden(page.content.decode()) | more
            return browser.post(path, said | {"csrfmiddlewaretoken": token.split('"')[0]})

        who = {"username": author.email, "password": PASSWORD}
        press("/desk/sign-in/", browser.get("/desk/sign-in/"), **who)
        compose = browser.get("/desk/bulletins/new/")
        OfficerSession.objects.update(ended_at=clock.database_now())
        first = press("/desk/bulletins/new/", compose, **compose_form())
        assert first.status_code == 401
        assert "There is fighting" not in first.content.decode()  # sealed
        press("/desk/sign-in/", browser.get("/desk/sign-in/"), **who)
        page = press("/desk/sign-in/", first, **who)
        assert page.status_code == 200
        assert "There is fighting" in page.content.decode()
        assert not Bulletin.objects.exists()
        assert press("/desk/bulletins/new/", page).status_code == 302
        assert Bulletin.objects.get().texts.get(language="en").body == "There is fighting."
        # Signed out meanwhile, it asks to sign in again, with all of it.
        browser.cookies["csrftoken"] = "a" * 32
        press("/desk/sign-out/", browser.get("/desk/"))
        again = press("/desk/sign-in/", first, **who)
        assert again.status_code == 401
        assert "There is fighting" in press("/desk/sign-in/", again, **who).content.decode()

    def test_a_second_officer_at_one_browser_is_not_shown_it(
        self, client: Client, author: Officer, signer: Officer
    ) -> None:
        sent = self.hidden(self.ended(client, author).content.decode())
        page = client.post(
            "/desk/sign-in/", sent | {"username": signer.email, "password": PASSWORD}, follow=True
        )
        assert "another officer" in page.content.decode()
        for each in ("fighting", "Leave Mosul", author.name):
            assert each not in page.content.decode()
        # Nor by pressing on once they are in; and whose it was gets it still.
        assert client.post("/desk/sign-in/", sent).status_code == 302
        client.post("/desk/sign-out/")
        page = client.post(
            "/desk/sign-in/", sent | {"username": author.email, "password": PASSWORD}
        )
        assert "Leave Mosul" in page.content.decode()

    @pytest.mark.parametrize("forgotten", ["its row", "everything"])
    def test_where_the_session_is_forgotten(
        self, client: Client, author: Officer, signer: Officer, forgotten: str
    ) -> None:
        """The browser still knows who signed in last; one that knows nobody keeps nothing."""
        self.ended(client, author)  # and with it the row of the session is gone
        if forgotten == "everything":
            client.cookies.clear()
        ended = client.post("/desk/bulletins/new/", compose_form())
        if forgotten == "everything":
            assert ended.status_code == 302
            return
        sent = self.hidden(ended.content.decode())
        for officer, shown in ((signer, False), (author, True)):
            who = {"username": officer.email, "password": PASSWORD}
            page = Client().post("/desk/sign-in/", sent | who, follow=True)
            assert ("Leave Mosul" in page.content.decode()) == shown

    def test_another_site_puts_no_words_into_it(self, author: Officer) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(author)
        for kept in ("x", "gAAAAA", seal("[]").decode(), seal("secret").decode()):
            answer = browser.post("/desk/sign-in/", {"kept": kept})
            assert answer.status_code == 403
            assert "Send it now" not in answer.content.decode()


def test_two_officers_bring_a_warning_out(
    desk: Client, second_desk: Client, family: list[Registration]
) -> None:
    kept = desk.post("/desk/bulletins/new/", compose_form(), follow=True)
    made = Bulletin.objects.get()
    page = f"/desk/bulletins/{made.pk}/"
    assert "Missing before" not in kept.content.decode()

    assert "is being read back" in desk.post(f"{page}submit/", follow=True).content.decode()
    run_until_idle()
    fragment = second_desk.get(f"{page}readback/", headers={"HX-Request": "true"}).content.decode()
    for shown in ("<svg", "Nineveh (Iraq)", "<b>2</b>people", "Leave Mosul", "It is calm."):
        assert shown in fragment
    assert "hx-trigger" not in fragment  # it is there: nothing is asked for again

    newest = made.readbacks.get()
    assert desk.post(f"{page}sign/", {"readback": newest.pk}).status_code == 403  # no signer
    assert second_desk.post(f"{page}publish/").status_code == 422  # not signed yet
    stale = second_desk.post(f"{page}sign/", {"readback": newest.pk + 7})
    assert "is not the newest" in stale.content.decode()
    assert second_desk.post(f"{page}sign/", {"readback": newest.pk}).status_code == 302
    out = desk.post(f"{page}publish/", follow=True)
    issue = Issue.objects.get()
    assert out.redirect_chain[-1][0] == f"/desk/issues/{issue.pk}/"
    run_until_idle()
    progress = desk.get(f"/desk/issues/{issue.pk}/").content.decode()
    assert "<b>2</b>people in the audience" in progress
    assert "<b>2</b>sent" in progress
    assert 'Signed by <span dir="auto">Olga Approver</span>' in progress
    assert "There is fighting." in Client().get(f"/issues/{issue.pk}/").content.decode()


def test_nobody_signs_what_they_wrote(
    second_desk: Client, signer: Officer, family: list[Registration]
) -> None:
    made = bulletins.draft(signer, said())
    bulletins.submit(signer, made.pk)
    run_until_idle()
    page = second_desk.get(f"/desk/bulletins/{made.pk}/").content.decode()
    assert "another officer must sign it" in page
    assert "Sign this readback" not in page
    answer = second_desk.post(
        f"/desk/bulletins/{made.pk}/sign/", {"readback": made.readbacks.get().pk}
    )
    assert "wrote or submitted this" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == State.SUBMITTED


def test_an_unusual_count_stops_and_asks(
    second_desk: Client, desk: Client, author: Officer, family: list[Registration]
) -> None:
    made = bulletins.draft(author, said(region=read("Japan")))
    bulletins.submit(author, made.pk)
    run_until_idle()
    page, form = f"/desk/bulletins/{made.pk}/", {"readback": str(made.readbacks.get().pk)}
    assert "This count is unusual" in second_desk.get(page).content.decode()
    for wrong in ({}, {"expect_count": "5"}, {"expect_count": "many"}):
        answer = second_desk.post(f"{page}sign/", form | wrong)
        assert answer.status_code == 422
        assert 'name="expect_count"' in answer.content.decode()
    assert second_desk.post(f"{page}sign/", form | {"expect_count": "0"}).status_code == 302
    assert desk.post(f"{page}publish/").status_code == 422
    assert desk.post(f"{page}publish/", {"expect_count": "0"}).status_code == 302


def test_the_second_of_two_editors_is_told(desk: Client, draft: Bulletin) -> None:
    path = f"/desk/bulletins/{draft.pk}/edit/"
    first = compose_form(version="1", hazard="One")
    assert desk.post(path, first).status_code == 302
    second = desk.post(path, compose_form(version="1", hazard="Two"))
    assert second.status_code == 422
    assert "another officer has changed the draft" in second.content.decode()
    assert 'value="Two"' in second.content.decode()
    draft.refresh_from_db()
    assert (draft.hazard, draft.version) == ("One", 2)


def test_no_version_and_no_reason_breaks_a_page(
    desk: Client, second_desk: Client, submitted: Bulletin
) -> None:
    path = f"/desk/bulletins/{submitted.pk}/"
    for version in ("9" * 5000, "9" * 30, "-1", "x", ""):
        answer = desk.post(f"{path}edit/", compose_form(version=version))
        assert answer.status_code == 422
        assert "another officer has changed the draft" in answer.content.decode()
    assert second_desk.post(f"{path}return/", {"why": "See\0 page 2"}).status_code == 302
    assert "See page 2" in desk.get(path).content.decode()


def test_signing_what_was_edited_meanwhile_is_refused(
    desk: Client, second_desk: Client, submitted: Bulletin
) -> None:
    seen = submitted.readbacks.get().pk
    desk.post(f"/desk/bulletins/{submitted.pk}/edit/", compose_form(version="1"))
    answer = second_desk.post(f"/desk/bulletins/{submitted.pk}/sign/", {"readback": seen})
    assert answer.status_code == 422
    desk.post(f"/desk/bulletins/{submitted.pk}/submit/")
    answer = second_desk.post(f"/desk/bulletins/{submitted.pk}/sign/", {"readback": seen})
    assert "there is none of this version" in answer.content.decode()


def test_a_region_that_was_not_touched_stays_exactly_as_stored(
    desk: Client, author: Officer, family: list[Registration]
) -> None:
    drawn = read(
        '{"kind": "polygon", "rings": [[[43.0, 36.2], [43.3, 36.2], [43.2, 36.5], [43.0, 36.2]]]}'
    )
    made = bulletins.draft(author, said(region=drawn))
    page = desk.get(f"/desk/bulletins/{made.pk}/edit/")
    words = page.context["form"]["region"].value()
    assert words.startswith("a drawn area of")
    form = compose_form(version="1", region=words, hazard="Changed")
    assert desk.post(f"/desk/bulletins/{made.pk}/edit/", form).status_code == 302
    made.refresh_from_db()
    assert (made.hazard, made.region) == ("Changed", dump(drawn))
    preview = desk.post("/desk/preview/", form | {"bulletin": str(made.pk)}).content.decode()
    assert "<svg" in preview


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"region": "Qqqqqqq"}, "no place called"),
        ({"region": ""}, "names nothing"),
        ({"region": "Tripoli"}, "several places"),
        ({"expires_at": "later"}, "is no day and time"),
        ({"kind": "rumour"}, "valid choice"),
        ({"lead_days": "-3"}, "greater than or equal"),
        ({"en-headline": "x" * 161}, "at most 160"),
    ],
)
def test_a_draft_that_cannot_be_kept_keeps_its_input(
    desk: Client, change: dict[str, str], words: str
) -> None:
    answer = desk.post("/desk/bulletins/new/", compose_form(**change))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "There is fighting." in answer.content.decode()
    assert Bulletin.objects.count() == 0


def test_what_is_missing_is_listed_and_stops_submission(desk: Client) -> None:
    form = compose_form(source="", **{"en-instruction": ""})
    page = desk.post("/desk/bulletins/new/", form, follow=True).content.decode()
    assert "Source: is empty" in page
    assert "Instruction (en): is empty" in page
    made = Bulletin.objects.get()
    answer = desk.post(f"/desk/bulletins/{made.pk}/submit/")
    assert answer.status_code == 422
    assert "is empty" in answer.content.decode()


def test_the_preview_counts_and_writes_nothing(desk: Client, family: list[Registration]) -> None:
    for path, form in (
        ("/desk/preview/", compose_form()),
        ("/desk/bulletins/new/", compose_form(do="preview")),
    ):
        page = desk.post(path, form).content.decode()
        for shown in ("<b>2</b>people", "Nineveh (Iraq)", "<svg", "mail", "phone", "Arabic"):
            assert shown in page
    for year in ("0001", "9999"):  # said beside the field when it is kept
        slip = compose_form(effective_at=f"{year}-12-31T23:59")
        assert "<b>2</b>people" in desk.post("/desk/preview/", slip).content.decode()
        kept = desk.post("/desk/bulletins/new/", slip)
        assert "check the year" in kept.content.decode()
    bad = desk.post("/desk/preview/", compose_form(region="Tripoli")).content.decode()
    assert "Lebanon" in bad
    assert Bulletin.objects.count() == 0
    assert Look.objects.count() == 0  # nobody is named


def test_whoever_signs_reads_what_is_doubtful_of_the_region(desk: Client) -> None:
    desk.post("/desk/bulletins/new/", compose_form(region="Baghdad city, Iraq"))
    page = desk.get(f"/desk/bulletins/{Bulletin.objects.get().pk}/").content.decode()
    assert "No outline of Baghdad is known" in page


def test_update_shows_what_changes_and_can_be_dropped(
    desk: Client, issue: Issue, author: Officer
) -> None:
    page = f"/desk/bulletins/{issue.bulletin_id}/"
    assert desk.post(f"{page}update/").status_code == 302
    form = compose_form(version="2", region="Nineveh and Anbar, Iraq")
    form |= {"en-body": "There is heavy fighting.", "ar-headline": ARABIC, "ar-body": "هناك قتال."}
    desk.post(f"{page}edit/", form)
    shown = desk.get(page).content.decode()
    assert "<ins>heavy </ins>" in shown
    assert "<del>Nineveh (Iraq)</del>" in shown
    desk.post(f"{page}drop/")
    issue.bulletin.refresh_from_db()
    assert issue.bulletin.state == State.PUBLISHED
    shown = desk.get(page).content.decode()  # what is in force, not what was dropped
    assert "There is fighting." in shown
    assert "heavy" not in shown
    assert "Anbar" not in shown


def test_an_edit_keeps_a_language_that_the_page_does_not_offer(
    desk: Client, author: Officer, family: list[Registration]
) -> None:
    kurdish = TextSaid("ckb", "Kurdish headline", "Words.", "Do.", "Not so.")
    made = bulletins.draft(author, said(texts=(kurdish,)))
    path = f"/desk/bulletins/{made.pk}/edit/"
    assert "Kurdish headline" in desk.get(path).content.decode()
    form = compose_form(version="1") | {"ckb-headline": "New headline", "ckb-body": "Words."}
    assert desk.post(path, form).status_code == 302
    assert made.texts.get(language="ckb").headline == "New headline"


def test_a_cancel_is_worded_beforehand_and_only_its_words_change(
    desk: Client, second_desk: Client, issue: Issue
) -> None:
    page = f"/desk/bulletins/{issue.bulletin_id}/"
    edit = desk.post(f"{page}cancel/", follow=True).content.decode()
    assert "Mosul is calm." in edit
    assert 'name="region"' not in edit
    form = {"do": "keep", "version": "2", "en-headline": "Over", "en-body": "All is calm."}
    assert desk.post(f"{page}edit/", form).status_code == 302
    desk.post(f"{page}submit/")
    run_until_idle()
    newest = Bulletin.objects.get().readbacks.latest("pk")
    second_desk.post(f"{page}sign/", {"readback": newest.pk})
    desk.post(f"{page}publish/")
    held = desk.get(f"/desk/issues/{issue.pk}/").content.decode()
    assert "A newer issue of its thread has replaced it" in held
    assert "Leave Mosul" not in Client().get("/").content.decode()
    assert desk.get(f"{page}edit/").status_code == 302


def test_returned_with_a_reason(second_desk: Client, submitted: Bulletin) -> None:
    path = f"/desk/bulletins/{submitted.pk}/"
    assert second_desk.post(f"{path}return/", {"why": " "}).status_code == 422
    page = second_desk.post(f"{path}return/", {"why": "Name the road"}, follow=True)
    assert "Name the road" in page.content.decode()
    assert second_desk.post(f"{path}explode/").status_code == 404


def test_what_is_owed_is_listed(desk: Client, draft: Bulletin, author: Officer) -> None:
    bulletins.submit(author, draft.pk)
    page = desk.get("/desk/owed/").content.decode()
    assert "readback" in page or "read_back" in page
    assert "Owed now" in desk.get("/desk/").content.decode()
    run_until_idle()
    assert "Nothing is owed" in desk.get("/desk/owed/").content.decode()


def test_a_page_that_outlived_its_session_loads_itself_anew(client: Client, issue: Issue) -> None:
    answer = client.get(f"/desk/issues/{issue.pk}/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_many_languages_of_one_bulletin(desk: Client) -> None:
    form = compose_form(**{f"{code}-headline": f"In {code}" for code in ("fr", "es", "ar")})
    desk.post("/desk/bulletins/new/", form)
    made = Bulletin.objects.get()
    assert set(made.texts.values_list("language", flat=True)) == {"en", "fr", "es", "ar"}
    page = desk.get(f"/desk/bulletins/{made.pk}/edit/").content.decode()
    assert 'lang="ar" dir="rtl"' in page
