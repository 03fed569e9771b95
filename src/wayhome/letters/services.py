"""Owe letters. ``letters.owed`` is told of each; a higher room delivers it."""

from datetime import datetime

from wayhome.letters.models import Letter
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

TEXT_LENGTH = 5000
SUBJECT_LENGTH = 160
# Kinds whose text opens something: it is not kept longer than it is needed.
OPENING = (Letter.Kind.CODE, Letter.Kind.LINK, Letter.Kind.PROMPT)


@writes
def owe_letter(
    *,
    kind: str,
    contact_point_id: int,
    subject: str,
    text: str,
    language: str,
    expires_at: datetime,
    once: str,
    registration_id: int | None = None,
    officer_id: int | None = None,
) -> Letter:
    """Owe one letter, in the transaction of whatever makes it owed.

    ``once`` names the occasion: a second letter of the same occasion to the same contact point is
    the first one. Problem where subject or text is empty or too long, or it has expired already.
    """
    subject = " ".join("".join(c for c in subject if c.isprintable() or c.isspace()).split())
    text = "".join(c for c in text if c == "\n" or c.isprintable()).strip()
    for name, value, most in (("subject", subject, SUBJECT_LENGTH), ("text", text, TEXT_LENGTH)):
        if not value:
            raise Problem(name, "is empty", "write it")
        if len(value) > most:
            raise Problem(name, f"has {len(value)} characters", f"use at most {most}")
    if expires_at <= clock.now():
        raise Problem("expires", "is in the past", "set a later time")
    letter, made = Letter.objects.get_or_create(
        contact_point_id=contact_point_id,
        once=once,
        defaults={
            "kind": kind,
            "registration_id": registration_id,
            "language": language,
            "subject": subject,
            "text": text,
            "officer_id": officer_id,
            "made_at": clock.now(),
            "expires_at": expires_at,
        },
    )
    if made:
        tell("letters.owed", letter.pk)
    return letter


@writes
def forget_texts(letter_ids: list[int]) -> None:
    """Empty the texts of codes and links that are done with."""
    if letter_ids:
        Letter.objects.filter(pk__in=letter_ids, kind__in=OPENING).update(text="")
