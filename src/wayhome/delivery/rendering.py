"""An issue's words for one contact point: chosen language, its sections, its links.

An address that is not verified gets the words alone: no name, no link, no right. Neutral wording
shows nothing of the issue anywhere: not in the subject, the HTML, a header or the Message-ID.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import cache

from django.conf import settings

from wayhome.bulletins.models import Ask, Issue, IssueKind, IssueText
from wayhome.delivery.composing import (
    Link,
    Piece,
    Sentence,
    banner,
    document,
    heading,
    labelled,
    note,
    prose,
    section,
    signature,
)
from wayhome.delivery.models import Channel
from wayhome.delivery.phrases import Phrases, phrases
from wayhome.delivery.policy import deciding
from wayhome.delivery.return_path import return_path
from wayhome.delivery.safe_text import one_line
from wayhome.delivery.sending_sql import OwedDelivery, Served
from wayhome.delivery.types import Outgoing
from wayhome.links import ReplyLink, WatchLink, reply_url, watch_url


def message_id(issue_id: int, letter_id: int, contact_point_id: int, channel: str) -> str:
    """The same for every try of one delivery, and telling nothing of the person or the issue."""
    key = f"{issue_id}:{letter_id}:{contact_point_id}:{channel}"
    host = settings.WAYHOME_MAIL_FROM.rpartition("@")[2] or "localhost"
    told = hmac.new(_id_key(settings.SECRET_KEY), key.encode(), hashlib.sha256).hexdigest()
    return f"wh-{told[:40]}@{host}"


@cache
def _id_key(secret: str) -> bytes:
    return hashlib.sha256(b"wayhome.message_id" + secret.encode()).digest()


def in_exercise(pieces: Sequence[Piece], words: Phrases) -> list[Piece]:
    """What is sent, between two banners where this is an exercise."""
    if not settings.WAYHOME_EXERCISE:
        return list(pieces)
    drill = banner(Sentence(words.exercise, words.language))
    return [drill, *pieces, drill]


def marked_subject(subject: str, words: Phrases) -> str:
    return f"[{words.exercise}] {subject}" if settings.WAYHOME_EXERCISE else subject


def signed(words: Phrases) -> Piece:
    """The office's name, and what it never asks for."""
    name = {"sender": settings.WAYHOME_SENDER_NAME}
    return signature(Sentence(words.signed, words.language, name))


class Renderer:
    """Renders one issue; what is the same for all is composed once for each language."""

    def __init__(self, issue: Issue) -> None:
        self._issue = issue
        first = Issue.objects.filter(bulletin=issue.bulletin_id, n=1)
        self._root = first.values_list("pk", flat=True)[0]
        self._texts = {text.language: text for text in issue.texts.all()}
        self._bodies: dict[str, list[Piece]] = {}

    def __call__(self, delivery: OwedDelivery, served: Sequence[Served]) -> Outgoing:
        text = self._text(delivery.language)
        words = phrases(text.language)
        # A correction goes to an address that serves nobody any more in the words of then.
        neutral = any(row.neutral for row in deciding(served)) if served else delivery.was_neutral
        pieces = [] if neutral else list(self._body(text, words))
        pieces += self._sections(delivery, served, words, neutral)
        subject = self._subject(text, words, neutral)
        pieces = in_exercise([*pieces, signed(words)], words)
        plain, html = document(pieces, title=subject, language=text.language)
        mail = delivery.channel == Channel.MAIL
        return Outgoing(
            message_id=message_id(*delivery.key),
            folder=f"issue-{self._issue.pk}",
            address=delivery.address,
            language=text.language,
            subject=subject,
            text=plain,
            html=html if mail else "",
            headers=self._headers(delivery, served, neutral) if mail else {},
            return_path=return_path(*delivery.key) if mail else "",
        )

    def _text(self, language: str) -> IssueText:
        for choice in (language, "en"):
            if choice in self._texts:
                return self._texts[choice]
        return next(iter(self._texts.values()))

    def _subject(self, text: IssueText, words: Phrases, neutral: bool) -> str:
        templates = {
            IssueKind.FIRST: "{headline}",
            IssueKind.UPDATE: words.update,
            IssueKind.CANCEL: words.cancel,
        }
        if neutral:
            return marked_subject(words.neutral_subject, words)
        template = templates[IssueKind(self._issue.issue_kind)]
        if template == "{headline}" and not settings.WAYHOME_EXERCISE:
            return one_line(text.headline)
        said = Sentence(template, words.language, {"headline": text.headline}).text()
        return marked_subject(said, words)

    def _body(self, text: IssueText, words: Phrases) -> list[Piece]:
        if text.language not in self._bodies:
            self._bodies[text.language] = self._compose(text, words)
        return self._bodies[text.language]

    def _compose(self, text: IssueText, words: Phrases) -> list[Piece]:
        say, language = words.language, text.language
        pieces = [heading(text.headline, language), prose(text.body, language)]
        if text.instruction:
            pieces.append(labelled(Sentence(words.what_to_do, say), text.instruction, language))
        pieces.append(note(Sentence(words.source, say, {"source": self._issue.source})))
        if self._issue.expires_at is not None:
            until = self._issue.expires_at.strftime("%Y-%m-%d %H:%M UTC")
            pieces.append(note(Sentence(words.until, say, {"until": until})))
        return pieces

    def _sections(
        self, delivery: OwedDelivery, served: Sequence[Served], words: Phrases, neutral: bool
    ) -> list[Piece]:
        """One for each verified adult: that adult, the minors in their care, a link."""
        known = {row.traveller_id: row for row in served if row.verified}
        sections = [
            self._section(
                delivery,
                [adult, *(row for row in known.values() if row.guardian_id == adult.traveller_id)],
                words,
                neutral,
            )
            for adult in known.values()
            if adult.guardian_id is None
        ]
        pieces = [piece for piece in sections if piece is not None]
        if neutral and not pieces:
            # An address nobody has shown to be theirs: what is public is all it may lead to.
            said = Sentence(words.read_public_short, words.language)
            public = Link(f"{settings.WAYHOME_PUBLIC_URL}/", said)
            pieces.append(section([Sentence(words.read_public, words.language)], public))
        return pieces

    def _section(
        self, delivery: OwedDelivery, people: Sequence[Served], words: Phrases, neutral: bool
    ) -> Piece | None:
        """``people``: an adult, then the minors in their care."""
        adult = people[0].registration_id
        there = [row for row in people if not row.watching]
        reply = ReplyLink(self._issue.pk, delivery.contact_point_id, adult, delivery.link_epoch)
        if neutral:
            about, ask, button = people, words.read_here, words.read
        elif not there:
            naming = _naming(words.watching, people, words)
            stop = Sentence(words.stop_watching, words.language)
            return section([naming], Link(watch_url(self._watch_link(delivery, adult)), stop))
        elif self._issue.ask == Ask.NONE:
            return None
        else:
            about, ask, button = there, words.answer_here, words.answer
        sentences = [_naming(words.about, about, words), Sentence(ask, words.language)]
        return section(sentences, Link(reply_url(reply), Sentence(button, words.language)))

    def _headers(
        self, delivery: OwedDelivery, served: Sequence[Served], neutral: bool
    ) -> dict[str, str]:
        headers = {}
        if self._issue.issue_kind != IssueKind.FIRST:
            # Updates and cancels show under the first issue in the reader's mailbox.
            root = message_id(self._root, 0, delivery.contact_point_id, delivery.channel)
            headers = {"In-Reply-To": f"<{root}>", "References": f"<{root}>"}
        adult = None if neutral else _only_watcher(served)
        if adult is not None:
            url = watch_url(self._watch_link(delivery, adult.registration_id))
            if url.startswith("https://") and url.isascii():  # as RFC 8058 asks
                headers["List-Unsubscribe"] = f"<{url}>"
                headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return headers

    def _watch_link(self, delivery: OwedDelivery, registration_id: int) -> WatchLink:
        return WatchLink(
            self._issue.pk, delivery.contact_point_id, registration_id, delivery.link_epoch
        )


def _only_watcher(served: Sequence[Served]) -> Served | None:
    """The adult whom a message serves, with minors in their care or alone, where all of them only
    watch and the address is theirs. One press of a mail program's own button then ends these
    watches; where somebody is there, or a second adult reads along, no such button is offered."""
    adults = {row.traveller_id: row for row in served if row.guardian_id is None}
    if len(adults) != 1 or not all(row.watching and row.verified for row in served):
        return None
    (adult,) = adults.values()
    own = all(row.guardian_id in (None, adult.traveller_id) for row in served)
    return adult if own else None


def _naming(template: str, people: Sequence[Served], words: Phrases) -> Sentence:
    names = [row.name for row in people]
    return Sentence(template, words.language, {"people": names}, words.comma)
