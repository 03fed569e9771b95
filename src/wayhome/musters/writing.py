"""Officers write to a person on a roll: a request in their own words, or the person's link.

It is a verb of this room because the roll entry is why an officer may: it says who the person is,
whether the case is closed to them, and for what purpose they looked.
"""

import secrets
from datetime import timedelta

from django.conf import settings

from wayhome.delivery.letter_phrases import letter_phrases
from wayhome.delivery.linking import owe_links
from wayhome.letters.models import Letter
from wayhome.letters.services import TEXT_LENGTH, owe_letter
from wayhome.musters.models import CASE_STATES, RollEntry
from wayhome.officers import audit
from wayhome.officers.access import Access, Refused, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.models import Registration
from wayhome.travellers.queries import OwnWay, own_ways
from wayhome.travellers.zones import LANGUAGES
from wayhome.work import clock
from wayhome.work.db import writes

REQUEST_LIFE = timedelta(hours=48)
VIEW = "letter"
# What is added below the officer's words must still fit.
WORDS_LENGTH = TEXT_LENGTH - 500


@writes
def write_to(
    officer: Officer,
    access: Access,
    entry_id: int,
    *,
    way: str,
    language: str,
    text: str,
    press: str = "",
) -> Letter:
    """Owe a letter with the officer's words to one verified address of the person's own.

    ``way``: ``OwnWay.key``. ``press``: the same where one press of the button arrives twice.
    """
    chosen = _way(officer, access, entry_id, way)
    if language not in LANGUAGES:
        raise Problem("language", "is not offered", f"use one of {', '.join(LANGUAGES)}")
    if len(text.strip()) > WORDS_LENGTH:
        raise Problem("text", f"has {len(text)} characters", f"use at most {WORDS_LENGTH}")
    if not text.strip():
        raise Problem("text", "is empty", "write it")
    words = letter_phrases(language)
    letter = owe_letter(
        kind=Letter.Kind.REQUEST,
        contact_point_id=chosen.contact_point_id,
        subject=words.neutral_subject if chosen.neutral else words.request_subject,
        text=f"{text.strip()}\n\n{words.answer_here}\n{settings.WAYHOME_PUBLIC_URL}/my-link/",
        language=language,
        expires_at=clock.now() + REQUEST_LIFE,
        once=_once("request", press),
        registration_id=chosen.registration_id,
        officer_id=officer.pk,
    )
    audit.record(officer, Deed.LETTER_WRITTEN, "letter", letter.pk)
    return letter


@writes
def send_link(
    officer: Officer, access: Access, entry_id: int, *, way: str, press: str = ""
) -> Letter:
    """Owe a letter with the person's own link to one verified address of their own."""
    chosen = _way(officer, access, entry_id, way)
    if Registration.objects.filter(
        pk=chosen.registration_id, traveller__guardian__isnull=False
    ).exists():
        raise Problem("way", "is a child's", "their guardian's link shows the child; send that")
    letter = owe_links(
        chosen.contact_point_id,
        [chosen.registration_id],
        language=chosen.language,
        neutral=chosen.neutral,
        once=_once("link", press),
        officer_id=officer.pk,
    )
    audit.record(officer, Deed.LINK_SENT, "letter", letter.pk)
    return letter


def _way(officer: Officer, access: Access, entry_id: int, key: str) -> OwnWay:
    require(officer, Verb.MUSTER)
    entry = RollEntry.objects.select_related("muster").filter(pk=entry_id).first()
    if entry is None:
        raise Problem("entry", f"{entry_id} is unknown", "reload the board")
    if entry.state in CASE_STATES and not access.sees_cases:
        raise Refused("officer: this state is kept by officers cleared for cases")
    if entry.muster.closed_at is not None:
        raise Problem("muster", "is closed", "write from an open one")
    ways = {each.key: each for each in own_ways(access, VIEW, entry.traveller_id)}
    if key not in ways:
        raise Problem("way", "cannot be written to now", "choose one of the list")
    return ways[key]


def _once(what: str, press: str) -> str:
    return f"{what} {press[:64] or secrets.token_hex(16)}"
