"""A stranger who knows her mail address types it as theirs, and has a page of their own.

What is not shown to be theirs decides nothing about her messages, her links and her files, and
tells them nothing of her.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from tests.integration.web.test_attacker import HER, MAIL, NAME, Person, said
from tests.support.factories import ENGLISH, Staff, enrol, mails, publish, warning, work
from tests.support.portal import code_in, letters_to, reach_at
from wayhome.bulletins.services import TextSaid
from wayhome.travellers import erasure
from wayhome.travellers.models import Registration
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
IN_ARABIC = TextSaid("ar", "غادروا الموصل الآن", "دخلت جماعات.", "غادروا.", "لا خطر.")
THEIRS = "stranger@example.net"


class Stranger:
    """Enrolled by an address of their own, or by hers alone."""

    def __init__(self, mail: str = THEIRS) -> None:
        self.client = Client()
        answer = self.client.post("/enrol/", said(Person("A Stranger", mail, "", "")))
        self.done = answer["Location"]
        page = self.client.get(self.done).content.decode()
        found = re.search(r'(/my/[^/"]+/)', page)
        assert found
        self.page = found[1]
        work()

    def proves_their_own(self) -> None:
        page = self.client.get(self.done).content.decode()
        (reach,) = re.findall(r'name="reach" value="(\d+)"', page)
        code = code_in(letters_to(THEIRS)[-1])
        self.client.post(self.done, {"reach": reach, "code": code})
        assert reach_at(THEIRS).verified_at is not None

    def adds_hers(self) -> None:
        answer = self.client.post(f"{self.page}addresses/new/", {"mail": MAIL, "phone": ""})
        assert answer.status_code == 302

    def wishes(self, **terms: str) -> None:
        reach = reach_at(MAIL)
        assert reach.verified_at is None
        answer = self.client.post(f"{self.page}reach/{reach.pk}/", {"language": "en"} | terms)
        assert answer.status_code == 302


@pytest.mark.parametrize("people", [(NAME,), (NAME, "Basim Haddad")], ids=["alone", "a party"])
@pytest.mark.parametrize("by_hers_alone", [True, False])
def test_her_warning_comes_in_her_words_and_language(
    staff: Staff, outbox: Path, people: tuple[str, ...], by_hers_alone: bool
) -> None:
    enrol(*people, mail=MAIL, language="en")
    stranger = Stranger(MAIL if by_hers_alone else THEIRS)
    if not by_hers_alone:
        stranger.adds_hers()
    stranger.wishes(language="ar", neutral="on")
    issue = publish(staff, warning(texts=(ENGLISH, IN_ARABIC)))
    work()
    assert mails(outbox, issue)[MAIL]["Subject"] == ENGLISH.headline


def test_who_typed_it_first_does_not_choose_her_language(staff: Staff, outbox: Path) -> None:
    client = Client()
    client.post("/enrol/", said(Person("A Stranger", MAIL, "", ""), language="ar"))
    work()
    enrol(NAME, mail=MAIL, language="en")
    issue = publish(staff, warning(texts=(ENGLISH, IN_ARABIC)))
    work()
    assert mails(outbox, issue)[MAIL]["Subject"] == ENGLISH.headline


def test_her_links_to_answer_by_open_still(staff: Staff, outbox: Path) -> None:
    enrol(NAME, mail=MAIL)
    issue = publish(staff)
    work()
    body = mails(outbox, issue)[MAIL].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://[^/]+(/r/\S+)", body.get_content())
    assert found
    stranger = Stranger()
    stranger.proves_their_own()
    stranger.adds_hers()
    assert stranger.client.post(f"{stranger.page}link/").status_code == 302
    assert Client().get(found[1]).status_code == 200


def test_what_was_handed_over_to_her_stays_in_the_outbox(staff: Staff, outbox: Path) -> None:
    enrol(NAME, mail=MAIL)
    issue = publish(staff)
    work()
    Stranger(MAIL)
    asked = erasure.ask(Registration.objects.latest("pk"), erasure.Ask.SaidBy.SELF)
    work()
    asked.refresh_from_db()
    assert asked.done_at is not None
    assert set(mails(outbox, issue)) == {MAIL}


def test_her_first_code_comes_when_strangers_had_the_hour_s(staff: Staff, outbox: Path) -> None:
    for turn in range(3):
        client, press = Client(), f"{turn}" * 32
        client.post("/enrol/", said(Person(f"Stranger {turn}", MAIL, "", ""), press=press))
        work()
    Client().post("/enrol/", said(HER, press="a" * 32))
    work()
    assert len(letters_to(MAIL)) == 3
    waiting = Owed.objects.filter(job="travellers.send_code")
    assert waiting.get().due_at > database_now() + timedelta(minutes=50)
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        waiting.update(due_at=database_now() - timedelta(days=1))
        work()
        assert len(letters_to(MAIL)) == 4
