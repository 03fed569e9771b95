"""Letters as their readers find them in the outbox, and what they carry."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass

from django.conf import settings

from wayhome.letters.models import Letter
from wayhome.travellers.models import Reach

_KIND_OF = {"v": Letter.Kind.CODE, "my": Letter.Kind.LINK, "still": Letter.Kind.PROMPT}


@dataclass(frozen=True)
class Read:
    """A letter that was handed over; ``kind`` by what it opens."""

    to: str
    subject: str
    body: str

    @property
    def kind(self) -> str:
        opens = re.search(r"http://\S+?/(v|my|still)/", self.body)
        return _KIND_OF[opens[1]] if opens else ""


def letters_to(address: str) -> list[Read]:
    """Letters handed over to an address, in that order (the test uses ``outbox``)."""
    folder = settings.WAYHOME_DATA_DIR / "outbox" / "letters"
    found = []
    for file in sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if str(mail["To"]) == address:
            body = mail.get_body(("plain",))
            assert body is not None
            found.append(Read(address, str(mail["Subject"]), body.get_content()))
    return found


def link_in(letter: Read, kind: str) -> str:
    """The path of the link that a letter carries."""
    found = re.search(rf"http://[^/\s]+(/{kind}/\S+?/)\s", f"{letter.body}\n")
    assert found, letter.body
    return found[1]


def code_in(letter: Read) -> str:
    found = re.search(r"^(\d{4} \d{4})\s*$", letter.body, re.MULTILINE)
    assert found, letter.body
    return found[1]


def reach_at(address: str) -> Reach:
    """The newest reach by an address."""
    return Reach.objects.filter(contact_point__address=address).latest("pk")
