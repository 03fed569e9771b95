"""Codes: whoever enrolled an address shows that they read what comes there.

A letter brings eight digits and a link. The digits hold for half an hour, the newest alone, and
guessing them is slowed until it stops; the link cannot be guessed and holds for a day. A code
proves an address for the registration that it was given for, whoever else uses the address.
Whatever is wrong, the answer is the same.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.links import CodeLink, code_url
from wayhome.problems import Problem
from wayhome.travellers import quarantine
from wayhome.travellers.assurance import raise_to
from wayhome.travellers.budgets import Verdict, may_send
from wayhome.travellers.door_models import ReachCode
from wayhome.travellers.letter_words import letter_words
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Door,
    PartyMember,
    Reach,
    Registration,
)
from wayhome.travellers.telling import owe_telling
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import owe, owe_many, tell

JOB = "travellers.send_code"
DIGITS = 8
CODE_LIFE = timedelta(minutes=30)
LINK_LIFE = timedelta(hours=24)
WRONG_OF_A_CODE = 5
WRONG_A_DAY = 12  # for one reach
WRONG_AT_ADDRESS = 40  # a day, by whomever
FREE_TRIES = 3
FIRST_PAUSE = timedelta(seconds=10)
LATER = timedelta(hours=1)
MOST_WAITS = 48
VERIFIED_FOR = timedelta(days=400)
ASK_AGAIN = timedelta(days=370)  # shortly before it expires


def does_not_hold() -> Problem:
    """The one answer to every code that does not hold, whatever the cause."""
    return Problem(
        "code",
        "does not hold",
        "wait a minute and look at it again, have a new one sent, or use the link in the message",
    )


def owe_codes(reach_ids: Iterable[int], network: str = "") -> None:
    """Owe a code to each of these addresses, in the transaction of what made it known. It is sent
    where the address is mail, its people's own and not verified (telephones get none yet: there
    is no route to them).

    ``network``: the mark of who asks (``travellers.marks``).
    """
    owe_many(JOB, [f"{number}/0/{network}" for number in reach_ids])


def send(key: str) -> None:
    """The job: make a code and owe its letter, if the budgets allow it now."""
    number, waited, network = key.split("/", 2)
    reach = Reach.objects.select_related("contact_point", "registration").filter(pk=number).first()
    if reach is None or not _wants_code(reach) or quarantine.is_declined(reach.registration_id):
        return
    proven = reach.registration.assurance >= Assurance.REACHABLE
    first = not ReachCode.objects.filter(reach=reach).exists()
    verdict = may_send(reach.contact_point, network, proven=proven, first=first)
    if verdict == Verdict.NOW:
        _make(reach, network)
    elif verdict == Verdict.LATER and int(waited) < MOST_WAITS:
        owe(JOB, f"{number}/{int(waited) + 1}/{network}", clock.database_now() + LATER)


@writes
def _make(reach: Reach, network: str) -> ReachCode:
    now = clock.now()
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    code = ReachCode.objects.create(
        reach=reach,
        contact_point_id=reach.contact_point_id,
        domain=reach.contact_point.domain,
        network=network,
        code_hash=_hash(reach.pk, digits),
        made_at=now,
        expires_at=now + CODE_LIFE,
    )
    language = reach.language or reach.contact_point.language
    words = letter_words(language)
    neutral = reach.wording == Reach.Wording.NEUTRAL
    intro = words.entered_by_other if by_another(reach.registration) else words.address_given
    owe_letter(
        kind=Letter.Kind.CODE,
        contact_point_id=reach.contact_point_id,
        registration_id=reach.registration_id,
        subject=words.neutral_subject if neutral else words.code_subject,
        text="\n\n".join(
            [
                *([] if neutral else [intro]),
                f"{words.code}\n{digits[:4]} {digits[4:]}",
                f"{words.or_link}\n{code_url(CodeLink(code.pk))}",
                words.not_you,
            ]
        ),
        language=language,
        expires_at=now + LINK_LIFE,
        once=f"code {code.pk}",
    )
    return code


@writes
def enter(reach_id: int, text: str) -> bool:
    """Whether ``text`` is the code sent for this reach; then the reach is verified.

    It returns False for every fault, so that a wrong try is kept. The caller knows that whoever
    enters it may speak of this reach.
    """
    now = clock.now()
    reach = (
        Reach.objects.select_related("registration", "contact_point").filter(pk=reach_id).first()
    )
    if reach is None:
        return False
    # Tries at one address are counted one after the other, by whichever reach.
    ContactPoint.objects.select_for_update().get(pk=reach.contact_point_id)
    code = ReachCode.objects.filter(reach=reach).order_by("-pk").first()
    same = hmac.compare_digest(code.code_hash if code else "", _hash(reach_id, _digits(text)))
    if code is None or not _in_use(reach) or not _may_try(code, now):
        return False
    if not same:
        code.wrong += 1
        code.last_wrong_at = now
        code.save(update_fields=["wrong", "last_wrong_at"])
        return False
    if code.used_at is not None or code.expires_at <= now:
        return False
    _use(code, reach, "by its code")
    return True


def pressing(link: CodeLink) -> ReachCode | None:
    """The code whose link this is, if pressing it would verify anything. Changes nothing."""
    code = (
        ReachCode.objects.select_related("reach__contact_point", "reach__registration__traveller")
        .filter(pk=link.code_id, used_at=None, made_at__gt=clock.now() - LINK_LIFE)
        .first()
    )
    if code is None or not _in_use(code.reach):
        return None
    newer = ReachCode.objects.filter(reach=code.reach_id, pk__gt=code.pk)
    return None if newer.exists() else code


@writes
def press(link: CodeLink) -> Registration | None:
    """Verify by the link; whose reach it was, or None where the link does not hold."""
    held = ReachCode.objects.select_for_update().filter(pk=link.code_id).first()
    code = pressing(link) if held else None
    if code is None:
        return None
    _use(code, code.reach, "by its link")
    return code.reach.registration


@writes
def ask_again(reaches: Sequence[Reach], network: str = "") -> None:
    """Somebody asks for another code; the budgets decide, and whoever asks learns nothing."""
    owe_codes([reach.pk for reach in reaches], network)


@writes
def read_again(registration: Registration, contact_point_id: int) -> None:
    """Somebody answered by a link that was sent to this verified address: they read it still."""
    parties = PartyMember.objects.filter(registration=registration, until=None)
    Reach.objects.filter(
        Q(registration=registration, party=None) | Q(party__in=parties.values("party")),
        contact_point=contact_point_id,
        purpose=Reach.Purpose.OWN,
        verified_at__isnull=False,
        ended_at=None,
    ).update(verified_at=clock.now())


@writes
def verify(reach: Reach, why: str) -> None:
    """This address is read by those who gave it: of now, and for this reach alone."""
    now = clock.now()
    Reach.objects.filter(pk=reach.pk).update(verified_at=now)
    reach.verified_at = now
    proven = _registrations(reach)
    for registration in proven:
        raise_to(registration, Assurance.REACHABLE, why, reach_id=reach.pk)
    quarantine.proven([each.pk for each in proven])
    for traveller_id in sorted({each.traveller_id for each in proven}):
        tell("travellers.reach_added", traveller_id)
    owe_telling({each.pk: each.door for each in proven})


def _use(code: ReachCode, reach: Reach, how: str) -> None:
    code.used_at = clock.now()
    code.save(update_fields=["used_at"])
    verify(reach, f"address verified {how}")


def _may_try(code: ReachCode, now: datetime) -> bool:
    """Few tries of one code, few a day of a reach and at an address, each later than the last."""
    if code.wrong >= WRONG_OF_A_CODE:
        return False
    today = ReachCode.objects.filter(last_wrong_at__gt=now - timedelta(days=1))
    at_address = today.filter(contact_point_id=code.contact_point_id)
    if (at_address.aggregate(n=Sum("wrong"))["n"] or 0) >= WRONG_AT_ADDRESS:
        return False
    of_reach = at_address.filter(reach=code.reach_id)
    wrong = of_reach.aggregate(n=Sum("wrong"))["n"] or 0
    if wrong >= WRONG_A_DAY:
        return False
    if wrong < FREE_TRIES:
        return True
    last = of_reach.order_by("-last_wrong_at").values_list("last_wrong_at", flat=True).first()
    return last is None or now >= last + FIRST_PAUSE * 2 ** (wrong - FREE_TRIES)


def _registrations(reach: Reach) -> list[Registration]:
    """Whom an address is proven for: its registration; for an address of a party, its members."""
    if reach.party_id is None:
        return list(Registration.objects.filter(pk=reach.registration_id))
    members = PartyMember.objects.filter(party=reach.party_id, until=None)
    return list(Registration.objects.filter(pk__in=members.values("registration")).order_by("pk"))


def _in_use(reach: Reach) -> bool:
    """What is in hostile hands proves nothing."""
    return reach.ended_at is None and reach.hostile_since is None


def _wants_code(reach: Reach) -> bool:
    return (
        reach.purpose == Reach.Purpose.OWN
        and _in_use(reach)
        and reach.stopped_at is None
        and reach.contact_point.kind == ContactPoint.Kind.MAIL
        and (reach.verified_at is None or reach.verified_at < clock.now() - ASK_AGAIN)
    )


def by_another(registration: Registration) -> bool:
    return registration.door != Door.SELF


def _digits(text: str) -> str:
    """The digits of any script, without what people write between them."""
    values = [unicodedata.decimal(character, None) for character in text[:60]]
    return "".join(str(value) for value in values if value is not None)


def _hash(reach_id: int, digits: str) -> str:
    key = hashlib.sha256(b"wayhome.codes" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, f"{reach_id}:{digits}".encode(), hashlib.sha256).hexdigest()
