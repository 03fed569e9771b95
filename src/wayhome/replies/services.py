"""Take answers: by a link in a message, by one's own page, or told to an officer."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from wayhome.audience.queries import own_issues
from wayhome.bulletins.models import Ask, Issue
from wayhome.links import ReplyLink, TripsLink, invalid
from wayhome.officers import audit
from wayhome.officers.access import acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.replies.models import PLACE, Answer, Reply, ReplyPrivate
from wayhome.travellers.models import ContactPoint, Registration, Traveller
from wayhome.travellers.parties import left_behind
from wayhome.travellers.queries import in_care, opens_all, spoken_for
from wayhome.travellers.sealing import seal
from wayhome.travellers.seeing import people_seen_by
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

WORDS_LENGTH = 1000
DEVICE_LENGTH = 200

ANSWERS: dict[str, tuple[Answer, ...]] = {
    Ask.NONE: (),
    Ask.RECEIVED: (Answer.RECEIVED, Answer.NEEDS_HELP),
    Ask.SAFETY: (Answer.SAFE, Answer.NEEDS_HELP, Answer.NOT_THERE, Answer.DEPARTED),
}


def people_of(registration: Registration) -> list[Traveller]:
    """The adult of a registration and the minors in their care: all that a link shows. Of a record
    that was joined to another's, and proved no address, those who came with it."""
    adult = registration.traveller
    if opens_all(registration):
        return [adult, *in_care(adult)]
    return [adult, *(each.traveller for each in spoken_for(registration)[1:])]


def open_reply_link(link: ReplyLink) -> tuple[Issue, list[Traveller]]:
    """What a reply link shows; Problem where it was revoked. Changes nothing."""
    point = ContactPoint.objects.filter(pk=link.contact_point_id, link_epoch=link.epoch)
    issue = Issue.objects.filter(pk=link.issue_id).first()
    registration = (
        Registration.objects.select_related("traveller").filter(pk=link.registration_id).first()
    )
    if issue is None or registration is None or not point.exists():
        raise invalid()
    if left_behind(registration.pk, link.contact_point_id):
        raise invalid()
    return issue, people_of(registration)


def open_trips_link(link: TripsLink) -> Registration:
    """The registration of a my-trips link; Problem where it was revoked. Changes nothing."""
    registration = (
        Registration.objects.select_related("traveller")
        .filter(pk=link.registration_id, link_epoch=link.epoch)
        .first()
    )
    if registration is None:
        raise invalid()
    return registration


@writes
def reply_by_link(
    link: ReplyLink,
    answer: str,
    people: Sequence[int],
    *,
    words: str = "",
    device: str = "",
    press: str = "",
) -> list[Reply]:
    """Record one answer for each of ``people`` (travellers whom the link shows).

    ``press`` is the same when one press of a button arrives twice; it then counts once. Another
    answer or other words from the same page are another press.
    """
    issue, shown = open_reply_link(link)
    return _record(
        _chosen(shown, people),
        answer,
        ANSWERS[issue.ask],
        issue_id=issue.pk,
        contact_point_id=link.contact_point_id,
        channel=Reply.Channel.LINK,
        said_by_id=shown[0].pk,
        through=link.registration_id,
        words=words,
        device=device,
        press=press,
    )


@writes
def reply_by_trips(
    link: TripsLink,
    answer: str,
    people: Sequence[int],
    *,
    issue_id: int | None = None,
    words: str = "",
    device: str = "",
    press: str = "",
) -> list[Reply]:
    """The same from a person's own page, to an issue that concerns them or to none."""
    registration = open_trips_link(link)
    shown = people_of(registration)
    if issue_id is not None and issue_id not in {
        issue.pk for issue in own_issues(registration, [person.pk for person in shown])
    }:
        raise Problem("issue", "does not concern you", "reload the page")
    return _record(
        _chosen(shown, people),
        answer,
        ANSWERS[Ask.SAFETY],
        issue_id=issue_id,
        contact_point_id=None,
        channel=Reply.Channel.MY_TRIPS,
        said_by_id=registration.traveller_id,
        through=link.registration_id,
        words=words,
        device=device,
        press=press,
    )


@writes
def reply_told(
    officer: Officer,
    traveller_id: int,
    answer: str,
    *,
    issue_id: int | None = None,
    words: str = "",
) -> Reply:
    """What a person told an officer, by telephone or at the gate."""
    require(officer, Verb.MUSTER)
    there = people_seen_by(acting(officer))
    person = Traveller.objects.filter(there, pk=traveller_id).first()
    if person is None:
        raise Problem("traveller", f"{traveller_id} is unknown", "search again")
    reply = _record(
        [person],
        answer,
        ANSWERS[Ask.SAFETY],
        issue_id=issue_id,
        contact_point_id=None,
        channel=Reply.Channel.OFFICER,
        officer_id=officer.pk,
        words=words,
    )[0]
    audit.record(officer, Deed.REPLY_TOLD, "reply", reply.pk)
    return reply


def _registration_of(person: Traveller, through: int | None) -> Registration:
    """The registration that a reply belongs to: the link's own, so that records which are parted
    again keep what each said, else the person's newest."""
    own = person.registrations.order_by("-pk")
    registration = own.filter(pk=through or 0).first() or own.first()
    if registration is None:
        raise Problem("traveller", "was joined with another record", "record it there")
    return registration


def _chosen(shown: list[Traveller], people: Sequence[int]) -> list[Traveller]:
    chosen = [person for person in shown if person.pk in set(people)]
    if not chosen or len(chosen) != len(set(people)):
        raise Problem("people", "nobody you answer for is chosen", "tick yourself or a child")
    return chosen


def _record(
    people: list[Traveller],
    answer: str,
    allowed: tuple[Answer, ...],
    *,
    issue_id: int | None,
    contact_point_id: int | None,
    channel: str,
    said_by_id: int | None = None,
    officer_id: int | None = None,
    words: str = "",
    device: str = "",
    press: str = "",
    said_at: datetime | None = None,
    through: int | None = None,
) -> list[Reply]:
    if answer not in allowed:
        raise Problem("answer", f"{answer[:20]!r} is not asked", f"choose {', '.join(allowed)}")
    words = words.strip()
    if len(words) > WORDS_LENGTH:
        raise Problem("words", f"have {len(words)} characters", f"use at most {WORDS_LENGTH}")
    now = clock.now()
    # Whoever presses "safe" and then "I need help" on one page has said both.
    said = f"{press or secrets.token_hex(16)}\n{answer}\n{words}"
    press = sha256(said.encode()).hexdigest()
    replies = []
    for person in people:
        registration = _registration_of(person, through)
        before = Reply.objects.filter(registration=registration, press=press).first()
        if before is not None:
            replies.append(before)
            continue
        try:
            with transaction.atomic():
                reply = Reply.objects.create(
                    registration=registration,
                    issue_id=issue_id,
                    contact_point_id=contact_point_id,
                    answer=answer,
                    channel=channel,
                    device="".join(c for c in device if c.isprintable())[:DEVICE_LENGTH],
                    said_by_id=said_by_id,
                    officer_id=officer_id,
                    said_at=said_at or now,
                    recorded_at=now,
                    press=press,
                )
        except IntegrityError:  # the same press, recorded by another process this instant
            replies.append(Reply.objects.get(registration=registration, press=press))
            continue
        if words:
            key_id, sealed = seal(person, words, place=PLACE, row=reply.pk)
            ReplyPrivate.objects.create(reply=reply, key_id=key_id, sealed=sealed)
        tell("replies.recorded", reply.pk)
        replies.append(reply)
    return replies
