"""Very many people and deliveries, made by SQL from one person made through the services.

They are what enrolment, planning and sending would have written: the checker holds them to that.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from wayhome.audience.models import Certainty, Reason
from wayhome.bulletins.models import Issue
from wayhome.delivery import totals
from wayhome.delivery.models import Dispatch
from wayhome.travellers.models import ContactPoint, Reach, Registration, Traveller
from wayhome.trips.models import Stay, StayMatch, Trip
from wayhome.work import clock
from wayhome.work.db import stored

BASE = 1_000_000  # the first of them has the number after this
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"


def _run(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _copies(
    model: type[models.Model], pk: int, count: int, own: str = f"{BASE} + i", **changes: str
) -> None:
    """``count`` copies of one row; ``changes`` are SQL of the copy's number ``i``, and so is its
    key ``own``."""
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if not isinstance(field, models.GeneratedField)
    ]
    values = {column: f"t.{column}" for column in columns} | {"id": own} | changes
    table = model._meta.db_table
    _run(
        f"INSERT INTO {table} ({', '.join(columns)}) {_NUMBERS.format(count=count)}"
        f" SELECT {', '.join(values[column] for column in columns)}"
        f" FROM n, {table} t WHERE t.id = {pk}"
    )


def people(traveller: Traveller, count: int, *, above: int = 0) -> None:
    """``count`` travellers who differ from this one in name and mail address alone; ``above``: how
    many there are already."""
    registration = Registration.objects.get(traveller=traveller)
    reach = Reach.objects.get(registration=registration)
    trip = Trip.objects.get(registration=registration)
    stay = Stay.objects.get(trip=trip)
    there = StayMatch.objects.get(stay_id=stay.pk)
    own = f"{BASE + above} + i"
    _copies(Traveller, traveller.pk, count, own, name="'P' || i")
    _copies(Registration, registration.pk, count, own, traveller_id=own)
    _copies(Trip, trip.pk, count, own, registration_id=own)
    _copies(Stay, stay.pk, count, own, trip_id=own)
    _copies(StayMatch, there.pk, count, own, stay_id=own, traveller_id=own)
    _copies(
        ContactPoint,
        reach.contact_point_id,
        count,
        own,
        address=f"'p' || ({above} + i) || '@example.org'",
        address_hash=f"'crowd' || ({above} + i)",
    )
    _copies(Reach, reach.pk, count, own, registration_id=own, contact_point_id=own)


def deliveries(issue: Issue, count: int, *, sent: bool, in_slice: int = 200) -> None:
    """The audience of an issue and its deliveries, all owed in slices, or all sent."""
    at = stored(clock.now())
    numbers = _NUMBERS.format(count=count)
    _run(
        "INSERT INTO audience (issue_id, traveller_id, certainty, reason, stay_id, area, at)"
        f" {numbers} SELECT {issue.pk}, {BASE} + i, {int(Certainty.CERTAIN)},"
        f" {int(Reason.THERE)}, {BASE} + i, 'IQ-NI', %s FROM n",
        at,
    )
    _run(
        "INSERT INTO slice (id, issue_id, channel, route, lane, size, relay, cut_at, due_at,"
        " lease_until,"
        f" token, tries, last_error, state) {_NUMBERS.format(count=-(-count // in_slice))}"
        f" SELECT {BASE} + i, {issue.pk}, 'mail', 'files', 1, {in_slice}, '', %s, %s,"
        " NULL, '', 0, '',"
        f" '{'done' if sent else 'open'}' FROM n",
        at,
        at,
    )
    _run(
        "INSERT INTO delivery (issue_id, letter_id, contact_point_id, channel, state, tries,"
        f" slice_id, sent_at) {numbers} SELECT {issue.pk}, 0, {BASE} + i, 'mail', "
        + (
            "'sent', 1, NULL, %s FROM n"
            if sent
            else f"'owed', 0, {BASE} + 1 + (i - 1) / {in_slice}, NULL FROM n WHERE %s <> ''"
        ),
        at if sent else "-",
    )
    facts = ["planned"]
    if sent:
        facts.append("sent")
        _run(
            "INSERT INTO attempt (issue_id, letter_id, contact_point_id, channel, n, outcome,"
            f" relay, detail, at) {numbers}"
            f" SELECT {issue.pk}, 0, {BASE} + i, 'mail', 1, 'sent', 'files', 'file', %s FROM n",
            at,
        )
    totals.add({(issue.pk, "mail", "example.org", fact, ""): count for fact in facts})
    Dispatch.objects.update_or_create(
        issue_id=issue.pk,
        defaults={"planned_at": clock.now(), "first_sent_at": clock.now() if sent else None},
    )
