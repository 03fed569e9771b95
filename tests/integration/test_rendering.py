"""What each contact point reads of an issue or a letter: its people, its rights, no more."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.support.factories import ENGLISH, Staff, cancel, enrol_one, publish, warning
from wayhome.bulletins.models import Issue
from wayhome.bulletins.services import TextSaid
from wayhome.delivery.channels.mail import build
from wayhome.delivery.letter_rendering import render_letter
from wayhome.delivery.rendering import Renderer, message_id
from wayhome.delivery.safe_text import FSI, PDI
from wayhome.delivery.types import DeliveryKey, Outgoing
from wayhome.letters.services import owe_letter
from wayhome.links import read_reply, read_watch
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PUBLIC = "https://wayhome.example.org"
ARABIC = TextSaid(
    "ar", "غادروا الموصل الآن", "دخلت جماعات مسلحة.", "اذهبوا إلى Erbil.", "الموصل هادئة."
)
PERSIAN = TextSaid("fa", "موصل را ترک کنید!", "خطر.", "بروید.", "آرام است.")


@dataclass(frozen=True)
class Delivery:
    contact_point_id: int = 7
    was_neutral: bool = False
    channel: str = "mail"
    address: str = "ann@example.org"
    language: str = "en"
    link_epoch: int = 3
    letter_id: int = 0
    issue_id: int = 0

    @property
    def key(self) -> DeliveryKey:
        return DeliveryKey(self.issue_id, self.letter_id, self.contact_point_id, self.channel)


@dataclass(frozen=True)
class Served:
    traveller_id: int = 1
    registration_id: int = 11
    name: str = "Ann Ash"
    guardian_id: int | None = None
    verified: bool = True
    neutral: bool = False
    watching: bool = False
    contact_point_id: int = 7


ANN = Served()
BO = Served(2, 12, "Bo Ash", guardian_id=1)
CAS = Served(3, 13, "Cas Cole")


@pytest.fixture(autouse=True)
def _https(settings: Any) -> None:
    settings.WAYHOME_PUBLIC_URL = PUBLIC
    settings.WAYHOME_MAIL_FROM = "alerts@example.org"


@pytest.fixture
def issue(staff: Staff) -> Issue:
    enrol_one("Zoe")
    return publish(staff, warning(texts=(ENGLISH, ARABIC, PERSIAN)))


def of(served: Served, **changes: object) -> Served:
    return Served(**(served.__dict__ | changes))


def links(message: Outgoing, kind: str) -> list[str]:
    """Tokens of the links of a kind, as the text shows them; the HTML has the same."""
    found = re.findall(rf"^{PUBLIC}/{kind}/([^/]+)/$", message.text, re.MULTILINE)
    if message.html:
        assert set(re.findall(rf'href="{PUBLIC}/{kind}/([^/]+)/"', message.html)) == set(found)
    return found


def everything(message: Outgoing) -> str:
    """All that leaves with a message: header fields, both bodies, envelope sender."""
    content = build(message, "Wayhome <a@example.org>")
    mail: Any = email.message_from_bytes(content, policy=email.policy.default)
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(f"{n}: {v}" for n, v in mail.items()), *parts, message.return_path])


def test_each_adult_has_a_section_with_minors_and_a_link(issue: Issue) -> None:
    message = Renderer(issue)(Delivery(issue_id=issue.pk), [ANN, BO, CAS])
    assert "About: Ann Ash, Bo Ash\n" in message.text
    assert "About: Cas Cole\n" in message.text
    read = [read_reply(token) for token in links(message, "r")]
    assert [(link.registration_id, link.contact_point_id, link.epoch) for link in read] == [
        (11, 7, 3),
        (13, 7, 3),
    ]
    assert message.subject == "Leave Mosul now"
    assert message.folder == f"issue-{issue.pk}"
    assert message.headers == {}


def test_an_address_not_verified_gets_the_words_alone(issue: Issue) -> None:
    served = [
        of(ANN, verified=False),
        of(BO, verified=False),
        of(CAS, verified=False, watching=True),
    ]
    for people in (served, served[2:]):
        message = Renderer(issue)(Delivery(issue_id=issue.pk), people)
        said = everything(message)
        assert ENGLISH.instruction in said
        for hidden in ("Ann", "Bo", "Cas", PUBLIC, "List-Unsubscribe"):
            assert hidden not in said
    mixed = Renderer(issue)(Delivery(issue_id=issue.pk), [ANN, of(CAS, verified=False)])
    assert "Cas" not in everything(mixed)
    assert len(links(mixed, "r")) == 1


@pytest.mark.parametrize("people", [[ANN, BO], [of(CAS, watching=True)], [of(CAS, verified=False)]])
def test_neutral_wording_shows_nothing_of_the_issue(
    staff: Staff, issue: Issue, people: list[Served]
) -> None:
    served = [of(row, neutral=True) for row in people]
    for published in (issue, cancel(staff, issue)):
        message = Renderer(published)(Delivery(issue_id=published.pk), served)
        said = everything(message)
        for hidden in (
            *(ENGLISH.headline, ENGLISH.body, ENGLISH.instruction, ENGLISH.correction),
            *("Mosul", "Embassy", "armed", "Cancelled", "List-Unsubscribe", "What to do", "Holds"),
        ):
            assert hidden not in said, hidden
        assert message.subject == "A message for you"
        # Nothing by which two people's messages could be seen to be of one issue.
        assert not re.search(rf"\b{published.pk}\b", message.message_id)
        assert len(links(message, "r")) == (1 if served[0].verified else 0)
    unproven = Renderer(issue)(Delivery(issue_id=issue.pk), [of(CAS, verified=False, neutral=True)])
    assert f"\n{PUBLIC}/\n" in unproven.text


WATCHER = of(ANN, watching=True)


@pytest.mark.parametrize(
    ("served", "one_click"),
    [
        ([WATCHER], True),
        ([WATCHER, of(BO, watching=True)], True),
        ([WATCHER, BO], False),  # the child is there
        ([ANN, of(CAS, watching=True)], False),
        ([WATCHER, of(CAS, watching=True)], False),  # one may not stop it for the other
        ([of(WATCHER, verified=False)], False),
        ([of(WATCHER, neutral=True)], False),
        ([ANN], False),
        ([of(BO, watching=True)], False),  # a minor alone
        ([WATCHER, of(BO, watching=True, guardian_id=99)], False),
        ([], False),
    ],
)
def test_one_click_only_where_all_of_one_adult_s_people_only_watch(
    issue: Issue, served: list[Served], one_click: bool
) -> None:
    headers = dict(Renderer(issue)(Delivery(issue_id=issue.pk), served).headers)
    if not one_click:
        assert "List-Unsubscribe" not in headers
        assert "List-Unsubscribe-Post" not in headers
        return
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = re.fullmatch(rf"<{PUBLIC}/w/([^/]+)/>", headers["List-Unsubscribe"])
    assert token
    link = read_watch(token[1])
    assert (link.issue_id, link.contact_point_id, link.registration_id, link.epoch) == (
        issue.pk,
        7,
        11,
        3,
    )


def test_one_click_needs_https(issue: Issue, settings: Any) -> None:
    settings.WAYHOME_PUBLIC_URL = "http://127.0.0.1:8000"
    assert Renderer(issue)(Delivery(issue_id=issue.pk), [WATCHER]).headers == {}


def test_watchers_are_asked_nothing_and_may_stop(issue: Issue) -> None:
    served = [ANN, of(BO, watching=True), of(CAS, watching=True)]
    message = Renderer(issue)(Delivery(issue_id=issue.pk), served)
    assert "About: Ann Ash\n" in message.text
    assert "Cas Cole: you get this because you watch" in message.text
    assert [read_reply(token).registration_id for token in links(message, "r")] == [11]
    assert [read_watch(token).registration_id for token in links(message, "w")] == [13]


def test_sms_has_text_alone(issue: Issue) -> None:
    message = Renderer(issue)(
        Delivery(issue_id=issue.pk, channel="sms", address="+9647901234567"), [WATCHER]
    )
    assert message.html == ""
    assert message.headers == {}
    assert message.return_path == ""
    assert ENGLISH.instruction in message.text


def test_message_ids(issue: Issue) -> None:
    keys = [
        (1, 0, 7, "mail"),
        (0, 1, 7, "mail"),
        (1, 0, 8, "mail"),
        (1, 0, 7, "sms"),
        (11, 0, 7, "m"),
    ]
    assert len({message_id(*key) for key in keys}) == len(keys)
    assert message_id(*keys[0]) == message_id(*keys[0])
    assert Renderer(issue)(Delivery(issue_id=issue.pk), []).message_id == message_id(
        issue.pk, 0, 7, "mail"
    )


def test_updates_and_cancels_stand_under_the_first(staff: Staff, issue: Issue) -> None:
    last = cancel(staff, issue)
    message = Renderer(last)(Delivery(issue_id=last.pk), [ANN])
    root = f"<{message_id(issue.pk, 0, 7, 'mail')}>"
    assert message.headers == {"In-Reply-To": root, "References": root}
    assert message.subject.startswith("Cancelled: ")
    assert message.message_id == message_id(last.pk, 0, 7, "mail")


def test_arabic_with_foreign_names(issue: Issue) -> None:
    message = Renderer(issue)(Delivery(issue_id=issue.pk, language="ar"), [ANN, of(BO, name="بو")])
    assert f"بخصوص: {FSI}Ann Ash{PDI}، {FSI}بو{PDI}" in message.text
    assert '<bdi dir="ltr">Ann Ash</bdi>، <bdi dir="rtl">بو</bdi>' in message.html
    assert message.html.startswith('<!doctype html>\n<html lang="ar" dir="rtl">')
    assert message.subject == ARABIC.headline
    english = Renderer(issue)(Delivery(issue_id=issue.pk), [of(ANN, name="أمينة")])
    assert f"About: {FSI}أمينة{PDI}" in english.text


def test_a_language_without_phrases_is_framed_in_english(
    staff: Staff, issue: Issue, settings: Any
) -> None:
    settings.WAYHOME_EXERCISE = True
    message = Renderer(issue)(Delivery(issue_id=issue.pk, language="fa"), [])
    assert message.subject == f"[EXERCISE – this is a drill] {FSI}{PERSIAN.headline}{PDI}"
    assert message.language == "fa"
    assert '<h1 lang="fa" dir="rtl"' in message.html
    assert '<p lang="en" dir="ltr"' in message.html


def test_a_name_cannot_reorder_or_end_the_line(issue: Issue) -> None:
    name = "A\u202eB\u2069C\r\nBcc: x@example.com <b>"
    message = Renderer(issue)(Delivery(issue_id=issue.pk), [of(ANN, name=name)])
    assert "About: ABC Bcc: x@example.com <b>\n" in message.text
    assert '<bdi dir="ltr">ABC Bcc: x@example.com &lt;b&gt;</bdi>' in message.html


def letter(**changes: Any) -> Any:
    values = {
        "kind": "link",
        "contact_point_id": 7,
        "subject": "Your page",
        "text": f"Open it:\n{PUBLIC}/my/abc/\nIt is yours alone.",
        "language": "en",
        "expires_at": clock.now() + timedelta(hours=1),
        "once": "link-1",
    }
    return owe_letter(**(values | changes))


def test_a_letter(settings: Any) -> None:
    made = letter()
    message = render_letter(made, Delivery(letter_id=made.pk))
    assert message.folder == "letters"
    assert message.subject == "Your page"
    assert f'<a href="{PUBLIC}/my/abc/"' in message.html
    assert f"\n{PUBLIC}/my/abc/\n" in message.text
    assert message.text.endswith("Wayhome. We never ask for money or a password.\n")
    assert message.message_id == message_id(0, made.pk, 7, "mail")
    assert message.headers == {}
    settings.WAYHOME_EXERCISE = True
    drill = render_letter(made, Delivery(letter_id=made.pk))
    assert drill.subject == "[EXERCISE – this is a drill] Your page"
    assert drill.text.startswith("EXERCISE – this is a drill\n")
    assert drill.html.count("EXERCISE – this is a drill") == 3  # title, and above and below


def test_a_letter_by_sms_is_short() -> None:
    made = letter(text="Your code is 123456.", kind="code")
    message = render_letter(
        made, Delivery(letter_id=made.pk, channel="sms", address="+33612345678")
    )
    assert (
        message.text == "Your code is 123456.\n\nWayhome. We never ask for money or a password.\n"
    )
    assert message.html == ""
