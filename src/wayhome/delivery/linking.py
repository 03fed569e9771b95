"""Letters with people's own links: asked for by address, or sent by an officer.

Whoever asks learns nothing of whether an address is known: asking owes the same job in the same
time, and a worker looks. The job's key is the address's keyed hash, so that the list of what is
owed names nobody.
"""

from collections.abc import Iterable
from datetime import timedelta

from wayhome.delivery import sending_sql
from wayhome.delivery.letter_phrases import letter_phrases
from wayhome.letters.models import Letter
from wayhome.letters.services import TEXT_LENGTH, owe_letter
from wayhome.links import TripsLink, trips_url
from wayhome.travellers.addresses import address_hash, normalise_mail
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import owe

JOB = "delivery.send_links"
EVERY = timedelta(minutes=15)  # no more than one letter to an address that is asked for
MOST_LINKS = 20  # an organisation's address may serve thousands
MOST_A_DAY = 12
LIFE = timedelta(hours=24)


@writes
def ask(address: str) -> None:
    """Someone asks for the links of a mail address; Problem only where it is none at all."""
    owe(JOB, address_hash(ContactPoint.Kind.MAIL, normalise_mail(address)))


@writes
def answer(address_hashes: Iterable[str]) -> None:
    """Owe a letter to each of these addresses that is somebody's own, verified and in use."""
    points = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.MAIL, address_hash__in=list(address_hashes)
    )
    numbers = sorted(points.values_list("pk", flat=True))
    if not numbers:
        return
    now = clock.now()
    quarter = int(now.timestamp() // EVERY.total_seconds())
    served: dict[int, dict[int, sending_sql.Served]] = {number: {} for number in numbers}
    for row in sending_sql.served_by(numbers, now):
        if row.verified and row.guardian_id is None:
            served[row.contact_point_id][row.registration_id] = row
    for number, rows in served.items():
        if rows and not _had_enough(number):
            newest = sorted(rows.values(), key=lambda row: -row.registration_id)[:MOST_LINKS]
            owe_links(
                number,
                [row.registration_id for row in newest],
                language=newest[0].language,
                neutral=any(row.neutral for row in rows.values()),
                once=f"links asked {quarter}",
            )


def _had_enough(contact_point_id: int) -> bool:
    """Whether an address was sent so many links today that somebody plays with it."""
    since = clock.now() - timedelta(days=1)
    links = Letter.objects.filter(
        contact_point_id=contact_point_id, kind=Letter.Kind.LINK, officer_id=None, made_at__gt=since
    )
    return links[:MOST_A_DAY].count() >= MOST_A_DAY


@writes
def owe_links(
    contact_point_id: int,
    registration_ids: list[int],
    *,
    language: str,
    neutral: bool,
    once: str,
    officer_id: int | None = None,
) -> Letter:
    """One letter with the link of each of these registrations, which the address must serve and
    have been verified for; that is asked again at hand-off."""
    words = letter_phrases(language)
    registrations = Registration.objects.select_related("traveller").in_bulk(registration_ids)
    rows = [registrations[number] for number in registration_ids]
    lines = [trips_url(TripsLink(each.pk, each.link_epoch)) for each in rows]
    head = words.neutral_link_text if neutral else words.link_text
    tail = words.not_asked if officer_id is None else ""
    if not neutral:
        room = TEXT_LENGTH - sum(len(part) + 4 for part in (head, tail, *lines))
        lines = [
            # With its colon no name is a line that reads as a link.
            f"{_shortened(each.traveller.name, room // len(lines))}:\n{url}"
            for each, url in zip(rows, lines, strict=True)
        ]
    text = [head, *lines, *([tail] if tail else [])]
    return owe_letter(
        kind=Letter.Kind.LINK,
        contact_point_id=contact_point_id,
        subject=words.neutral_subject if neutral else words.link_subject,
        text="\n\n".join(text),
        language=language,
        expires_at=clock.now() + LIFE,
        once=once,
        registration_id=registration_ids[0] if len(registration_ids) == 1 else None,
        officer_id=officer_id,
    )


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: max(most - 1, 0)]}…"
