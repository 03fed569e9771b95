"""An issue's words for one contact point: chosen language, its sections, its links.

An address that is not verified gets the words alone: no name, no link, no right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256

from django.conf import settings

from wayhome.bulletins.models import Ask, Issue, IssueKind, IssueText
from wayhome.delivery.phrases import Phrases, phrases
from wayhome.delivery.return_path import return_path
from wayhome.delivery.sending_sql import OwedDelivery, Served
from wayhome.delivery.types import Outgoing
from wayhome.links import ReplyLink, reply_url


def group(served: Iterable[Served]) -> dict[int, list[Served]]:
    """By contact point."""
    by_point: dict[int, list[Served]] = defaultdict(list)
    for row in served:
        by_point[row.contact_point_id].append(row)
    return by_point


def message_id(issue_id: int, letter_id: int, contact_point_id: int, channel: str) -> str:
    """The same for every try of one delivery, and telling nothing of the person."""
    key = f"{settings.SECRET_KEY}:{issue_id}:{letter_id}:{contact_point_id}:{channel}"
    host = settings.WAYHOME_MAIL_FROM.rpartition("@")[2] or "localhost"
    return f"wh-{issue_id}-{sha256(key.encode()).hexdigest()[:32]}@{host}"


class Renderer:
    """Renders one issue; its texts are read once, whoever receives them."""

    def __init__(self, issue: Issue) -> None:
        self._issue = issue
        first = Issue.objects.filter(bulletin=issue.bulletin_id, n=1)
        self._root = first.values_list("pk", flat=True)[0]
        self._texts = {text.language: text for text in issue.texts.all()}

    def __call__(self, delivery: OwedDelivery, served: Sequence[Served]) -> Outgoing:
        text = self._text(delivery.language)
        words = phrases(text.language)
        neutral = any(row.neutral for row in served)
        lines = [] if neutral else self._body(text, words)
        lines += self._sections(delivery, served, words, neutral)
        lines.append(words.signed.format(sender=settings.WAYHOME_SENDER_NAME))
        if settings.WAYHOME_EXERCISE:
            lines = [words.exercise, *lines, words.exercise]
        return Outgoing(
            message_id=message_id(*delivery.key),
            folder=f"issue-{self._issue.pk}",
            address=delivery.address,
            language=text.language,
            subject=self._subject(text, words, neutral),
            text="\n\n".join(lines) + "\n",
            headers=self._threading(delivery),
            return_path=return_path(*delivery.key),
        )

    def _text(self, language: str) -> IssueText:
        for choice in (language, "en"):
            if choice in self._texts:
                return self._texts[choice]
        return next(iter(self._texts.values()))

    def _subject(self, text: IssueText, words: Phrases, neutral: bool) -> str:
        subject = words.neutral_subject if neutral else " ".join(text.headline.split())
        if not neutral and self._issue.issue_kind != IssueKind.FIRST:
            kind = words.update if self._issue.issue_kind == IssueKind.UPDATE else words.cancel
            subject = f"{kind}: {subject}"
        return f"[{words.exercise}] {subject}" if settings.WAYHOME_EXERCISE else subject

    def _body(self, text: IssueText, words: Phrases) -> list[str]:
        lines = [text.headline, text.body]
        if text.instruction:
            lines.append(f"{words.what_to_do}\n{text.instruction}")
        lines.append(words.source.format(source=self._issue.source))
        if self._issue.expires_at is not None:
            until = self._issue.expires_at.strftime("%Y-%m-%d %H:%M UTC")
            lines.append(words.until.format(until=until))
        return lines

    def _sections(
        self, delivery: OwedDelivery, served: Sequence[Served], words: Phrases, neutral: bool
    ) -> list[str]:
        """One section for each verified adult: that adult, the minors in their care, a link."""
        if self._issue.ask == Ask.NONE and not neutral:
            return []
        known = {row.traveller_id: row for row in served if row.verified}
        sections = []
        for row in known.values():
            if row.guardian_id is not None:
                continue
            people = [row.name] + [
                minor.name for minor in known.values() if minor.guardian_id == row.traveller_id
            ]
            url = reply_url(
                ReplyLink(
                    self._issue.pk,
                    delivery.contact_point_id,
                    row.registration_id,
                    delivery.link_epoch,
                )
            )
            ask = words.read_here if neutral else words.answer_here
            sections.append(f"{words.about.format(people=', '.join(people))}\n{ask}\n{url}")
        if neutral and not sections:
            # An address nobody has shown to be theirs: what is public is all it may lead to.
            sections.append(f"{words.read_public}\n{settings.WAYHOME_PUBLIC_URL}/")
        return sections

    def _threading(self, delivery: OwedDelivery) -> dict[str, str]:
        """Updates and cancels show under the first issue in the reader's mailbox."""
        if self._issue.issue_kind == IssueKind.FIRST:
            return {}
        reference = f"<{message_id(self._root, 0, delivery.contact_point_id, delivery.channel)}>"
        return {"In-Reply-To": reference, "References": reference}
