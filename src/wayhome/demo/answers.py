"""Scripted answers: people open the link in the message that was delivered to them."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from random import Random

from django.conf import settings

from wayhome.bulletins.models import Issue
from wayhome.links import ReplyLink, read_reply
from wayhome.replies.models import Answer
from wayhome.replies.services import ANSWERS, open_reply_link, reply_by_link
from wayhome.work.db import writes

_LINK = re.compile(r"/r/([^/\s]+)/")
_WEIGHTS = {
    Answer.SAFE: 84,
    Answer.NEEDS_HELP: 4,
    Answer.NOT_THERE: 5,
    Answer.DEPARTED: 7,
    Answer.RECEIVED: 100,
}
_HELP = (
    "We are four in a hotel near the river and cannot reach the airport.",
    "My medicine lasts for two more days.",
    "The road is closed and the phone works only now and then.",
)
IN_TRANSACTION = 100


def play(issue: Issue, *, share: float, seed: int) -> int:
    """A ``share`` of those with a link in the delivered messages of ``issue`` answer it.

    Reads the delivered files, as people read their mail; returns how many people were spoken for.
    """
    random = Random(seed)
    chosen = [link for link in delivered_links(issue) if random.random() < share]
    given = 0
    for start in range(0, len(chosen), IN_TRANSACTION):
        given += _answer(issue, chosen[start : start + IN_TRANSACTION], random)
    return given


def delivered_links(issue: Issue) -> Iterator[ReplyLink]:
    """The links in the files delivered for an issue, in a fixed order."""
    folder = Path(settings.WAYHOME_DATA_DIR) / "outbox" / f"issue-{issue.pk}"
    links = []
    for path in folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        text = mail.get_body(("plain",))
        assert text is not None
        links += [read_reply(token) for token in _LINK.findall(text.get_content())]
    return iter(sorted(links, key=lambda link: (link.registration_id, link.contact_point_id)))


@writes
def _answer(issue: Issue, links: list[ReplyLink], random: Random) -> int:
    allowed = ANSWERS[issue.ask]
    given = 0
    for link in links:
        answer = random.choices(allowed, [_WEIGHTS[each] for each in allowed])[0]
        _, people = open_reply_link(link)
        replies = reply_by_link(
            link,
            answer,
            [person.pk for person in people],
            words=random.choice(_HELP) if answer == Answer.NEEDS_HELP else "",
            device="demo",
            press=f"demo-{issue.pk}-{link.contact_point_id}",
        )
        given += len(replies)
    return given
