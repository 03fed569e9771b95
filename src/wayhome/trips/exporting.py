"""A person's own data out: everything kept about them and the minors in their care, and of nobody
else.

Rooms above add what they keep by ``own_part``. Left out is what would turn on the person where
somebody reads over their shoulder: that an address is marked as in hostile hands, and by whom; the
states of the case compartment; looks under review; codes and links that still open something.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from wayhome.letters.models import Letter
from wayhome.officers.queries import own_looks
from wayhome.travellers.models import Assurance, Reach, ReachStep, Registration
from wayhome.travellers.queries import in_care, name_entered, opens_all, spoken_for
from wayhome.trips.imports.reading import neutral
from wayhome.trips.models import Leg, LegEnd, Stay, Watch
from wayhome.work import clock

VERSION = 1
MOST_LOOKS = 1_000
Fact = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Whose data: the registrations that the link of one of them opens, and their people.

    ``whole``: all that is kept about the person; otherwise what came with these registrations.
    """

    registration: Registration
    registrations: list[Registration]
    whole: bool

    @property
    def ids(self) -> list[int]:
        return [each.pk for each in self.registrations]

    @property
    def people(self) -> list[int]:
        return sorted({each.traveller_id for each in self.registrations})

    def name(self, registration: Registration) -> str:
        """As the record has it, or as it came where the record may be another's."""
        return registration.traveller.name if self.whole else name_entered(registration)


Part = Callable[[Asked], Iterable[Fact]]
_parts: dict[str, Part] = {}


def own_part(name: str) -> Callable[[Part], Part]:
    """Register the decorated function as what a room keeps about people, under ``name``."""

    def register(part: Part) -> Part:
        if name in _parts:
            raise ValueError(f"own part {name} is registered twice")
        _parts[name] = part
        return part

    return register


def own_data(registration: Registration) -> dict[str, Any]:
    """Everything kept that a registration's own link may open: named lists of facts.

    Where records were joined, a registration that proved an address opens all of them; any other
    opens what came with it (``travellers.queries.opens_all``).
    """
    asked = _asked(registration)
    facts = {name: [dict(fact) for fact in part(asked)] for name, part in _parts.items()}
    about = {
        "format": "wayhome own data",
        "version": VERSION,
        "made_at": clock.now(),
        "whole_record": asked.whole,
        "rows": {name: len(rows) for name, rows in facts.items()},
    }
    return {"about": about, **facts}


def as_json(data: dict[str, Any]) -> str:
    """``own_data`` as JSON text."""
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def as_csv(data: dict[str, Any]) -> bytes:
    """``own_data`` as a ZIP of one CSV a list (UTF-8 with a mark for spreadsheets), nothing that a
    spreadsheet would run among its cells."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in data.items():
            rows = value if isinstance(value, list) else [value]
            text = _table([_flat(row) for row in rows])
            archive.writestr(f"{name.replace(' ', '-')}.csv", text.encode("utf-8-sig"))
    return out.getvalue()


def _flat(row: Fact) -> dict[str, str]:
    plain = json.loads(json.dumps(row, cls=DjangoJSONEncoder))
    return {name: _cell(value) for name, value in plain.items()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _table(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([neutral(row.get(name, "")) for name in names] for row in rows)
    return out.getvalue()


def _asked(registration: Registration) -> Asked:
    whole = opens_all(registration)
    if not whole:
        return Asked(registration, spoken_for(registration), whole=False)
    people = [registration.traveller_id, *(each.pk for each in in_care(registration.traveller))]
    rows = Registration.objects.filter(traveller__in=people).select_related("traveller")
    return Asked(registration, list(rows.order_by("pk")), whole=True)


@own_part("people")
def _people(asked: Asked) -> Iterable[Fact]:
    names = {each.traveller_id: asked.name(each) for each in asked.registrations}
    adult = asked.registration.traveller_id
    for number, name in names.items():
        yield {"name": name, "in_your_care": number != adult}


@own_part("registrations")
def _registrations(asked: Asked) -> Iterable[Fact]:
    speakers = set(
        Reach.objects.filter(registration__in=asked.ids, party__isnull=False).values_list(
            "registration_id", flat=True
        )
    )
    rows = Registration.objects.filter(pk__in=asked.ids).select_related("organisation", "traveller")
    for each in rows.order_by("pk"):
        original = dict(each.original)
        if each.pk not in speakers and each.memberships.exists():
            # Given for a whole party by another adult, whose addresses these are.
            original = _without_the_partys(original)
        yield {
            "registration": each.pk,
            "name": asked.name(each),
            "door": each.door,
            "entered_by_an_officer": each.entered_by_id is not None,
            "organisation": each.organisation.name if each.organisation else None,
            "reference": each.reference,
            "assurance": Assurance(each.assurance).label,
            "made_at": each.made_at,
            "as_it_came": original,
        }


def _without_the_partys(original: Fact) -> Fact:
    names = ("mail", "phone", "emergency_mail", "emergency_phone")
    kept = {name: value for name, value in original.items() if name not in names}
    if "restated" in kept:
        kept["restated"] = [_without_the_partys(each) for each in kept["restated"]]
    return kept


@own_part("stays")
def _stays(asked: Asked) -> Iterable[Fact]:
    rows = Stay.objects.filter(trip__registration__in=asked.ids).select_related("trip")
    for each in rows.order_by("trip__registration_id", "trip_id", "line", "version"):
        yield {
            "registration": each.trip.registration_id,
            "stay": each.line,
            "version": each.version,
            "in_force": each.is_current,
            "place": each.words,
            "precision": each.precision,
            "lon": each.lon,
            "lat": each.lat,
            "radius_m": each.radius_m,
            "areas": each.areas,
            "arrive": each.arrive,
            "depart": each.depart,
            "departure_confirmed": each.departure_confirmed,
            "said_instead_of_stay": each.instead_of,
            "source": each.source,
            "said_at": each.said_at,
        }


@own_part("legs")
def _legs(asked: Asked) -> Iterable[Fact]:
    ends: dict[int, list[str]] = {}
    mine = LegEnd.objects.filter(leg__trip__registration__in=asked.ids)
    for leg, words in mine.order_by("pk").values_list("leg_id", "words"):
        ends.setdefault(leg, []).append(words)
    rows = Leg.objects.filter(trip__registration__in=asked.ids).select_related("trip")
    for each in rows.order_by("trip__registration_id", "trip_id", "line"):
        yield {
            "registration": each.trip.registration_id,
            "mode": each.mode,
            "carrier": each.carrier,
            "number": each.number,
            "places": ends.get(each.pk, []),
            "departs_at": each.departs_at,
            "arrives_at": each.arrives_at,
        }


@own_part("watches")
def _watches(asked: Asked) -> Iterable[Fact]:
    for each in Watch.objects.filter(registration__in=asked.ids).order_by("pk"):
        yield {
            "registration": each.registration_id,
            "area": each.area,
            "since": each.since,
            "until": each.until,
        }


@own_part("addresses")
def _addresses(asked: Asked) -> Iterable[Fact]:
    rows = Reach.objects.filter(registration__in=asked.ids).select_related("contact_point")
    for each in rows.order_by("pk"):
        yield {
            "registration": each.registration_id,
            "kind": each.contact_point.kind,
            "address": each.contact_point.address,
            "for": each.purpose,
            "also_for_your_party": each.party_id is not None,
            "verified_at": each.verified_at,
            "consent_at": each.consent_at,
            "valid_until": each.valid_until,
            "channels": [name for name in each.channels.split(",") if name],
            "quiet_from": each.quiet_from,
            "quiet_until": each.quiet_until,
            "time_zone": each.time_zone,
            "language": each.language,
            "wording": each.wording,
            "stop_asked_at": each.stop_asked_at,
            "stopped_at": each.stopped_at,
            # Of an address that is not shown to be theirs it would tell of another's.
            "not_written_to_since": each.contact_point.suppressed_at if each.verified_at else None,
            "ended_at": each.ended_at,
            "made_at": each.made_at,
        }


@own_part("changes of terms")
def _steps(asked: Asked) -> Iterable[Fact]:
    rows = ReachStep.objects.filter(
        reach__registration__in=asked.ids, said_by_id__isnull=False
    ).select_related("reach__contact_point")
    for each in rows.order_by("at", "pk"):
        yield {
            "address": each.reach.contact_point.address,
            "did": each.did,
            "what": each.what,
            "at": each.at,
        }


@own_part("letters")
def _letters(asked: Asked) -> Iterable[Fact]:
    # What goes to an address that they have not shown to be theirs depends on whose it is.
    own = Reach.objects.filter(registration__in=asked.ids, verified_at__isnull=False)
    addresses = dict(own.values_list("contact_point_id", "contact_point__address"))
    opening = (Letter.Kind.CODE, Letter.Kind.LINK)
    for each in Letter.objects.filter(registration_id__in=asked.ids).order_by("made_at", "pk"):
        if each.contact_point_id in addresses:
            yield {
                "kind": each.kind,
                "to": addresses[each.contact_point_id],
                "subject": each.subject,
                "text": "" if each.kind in opening else each.text,
                "made_at": each.made_at,
            }


@own_part("looks")
def _looks(asked: Asked) -> Iterable[Fact]:
    """Who looked, after the delay; nothing where the record may be another's."""
    for each in own_looks(asked.people, MOST_LOOKS) if asked.whole else []:
        yield {
            "day": each.day,
            "office": each.office,
            "role": each.role,
            "purpose": each.purpose,
        }
