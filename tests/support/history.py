"""A small honest history of delivery, made by the services, and what may be done to it by SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from tests.support.factories import (
    Staff,
    cancel,
    enrol,
    enrol_one,
    publish,
    stay,
    update,
    warning,
    work,
    work_but_sending,
)
from wayhome.bulletins.models import Issue
from wayhome.delivery import dispatching
from wayhome.delivery.models import Attempt, Delivery, Slice
from wayhome.delivery.proving.proof import prove
from wayhome.delivery.proving.report import Rule
from wayhome.delivery.receipts import record
from wayhome.delivery.recording import Tried, apply
from wayhome.delivery.types import DeliveryKey
from wayhome.letters.services import owe_letter
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.trips import services as trips
from wayhome.trips.models import Stay
from wayhome.work import clock

NOWHERE = 999_999  # the number of nothing


@dataclass(frozen=True)
class History:
    """Issues and letters by what became of them; ``names`` are what SQL and keys may say."""

    old: Issue  # sent, and replaced
    new: Issue  # the update of it, sent
    called_off: Issue  # sent, and cancelled
    cancelled: Issue  # the cancel of it, sent
    alone: Issue  # the only one of its thread: sent, and was stopped and resumed
    shown: Issue  # for verified persons, sent
    held: Issue  # owed when it was replaced
    owed: Issue  # the update of it, owed
    names: dict[str, Any]

    def sql(self, *statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.format(**self.names))
                assert cursor.rowcount != 0, f"touched nothing: {statement}"

    def says(self, words: str) -> str:
        return words.format(**self.names)


def write(staff: Staff) -> History:
    """Ann, Ben and Gus are in Mosul, Ben and Cy are one party; Dora is in Paris."""
    enrol_one("Ann")
    enrol("Ben", "Cy", mail="ben@example.org")
    enrol_one("Gus")
    enrol_one("Dora", stays=[stay("Paris, France")])
    old = publish(staff)
    work()
    new = update(staff, old)
    work()
    called_off = publish(staff)
    work()
    cancelled = cancel(staff, called_off)
    work()
    alone = publish(staff)
    work_but_sending()
    _put_off(alone, _point("gus@example.org"))
    dispatching.stop(staff.publisher, alone.pk, "a road is open")
    dispatching.resume(staff.publisher, alone.pk, "it is not")
    work()
    shown = publish(staff, warning(distribution="verified persons"))
    work()
    taken = _letter("one")
    work()
    held = publish(staff)
    work_but_sending()
    owed = update(staff, held)
    waits = _letter("two")
    work_but_sending()
    ann = _point("ann@example.org")
    record(DeliveryKey(new.pk, 0, ann, "mail"), "delivered", "dsn", "a")
    record(DeliveryKey(new.pk, 0, ann, "mail"), "bounced", "dsn", "b", "5.2.2", "full")
    record(DeliveryKey(alone.pk, 0, ann, "mail"), "deferred", "dsn", "c", "4.4.1")
    # Gus has gone: he is told of updates, and of nothing that is new.
    gus = Stay.objects.get(is_current=True, trip__registration__traveller__name="Gus")
    trips.change_stay(gus.pk, said=stay("Paris, France", -3, 5))
    work_but_sending()
    issues = {
        "old": old, "new": new, "called_off": called_off, "cancelled": cancelled, "alone": alone,
        "shown": shown, "held": held, "owed": owed,
    }  # fmt: skip
    names: dict[str, Any] = {name: issue.pk for name, issue in issues.items()}
    names["Cy"] = Registration.objects.get(traveller__name="Cy").traveller_id
    for name in ("ann", "ben", "gus", "dora"):
        names[name] = _point(f"{name}@example.org")
        names[name.title()] = Registration.objects.get(traveller__name=name.title()).traveller_id
        names[f"{name}_registered"] = Registration.objects.get(traveller__name=name.title()).pk
    slices = dict(Delivery.objects.filter(state="owed").values_list("issue_id", "slice_id"))
    names |= {
        "taken": taken,
        "waits": waits,
        "slice": slices[owed.pk],
        "held_slice": slices[held.pk],
        "letters_slice": slices[0],
        "done_slice": Slice.objects.filter(issue_id=alone.pk, state="done").latest("pk").pk,
        "nowhere": NOWHERE,
        "now": f"'{connection.ops.adapt_datetimefield_value(clock.now())}'",
    }
    return History(**issues, names=names)


def _point(address: str) -> int:
    return ContactPoint.objects.get(address=address).pk


def _letter(once: str) -> int:
    return owe_letter(
        kind="code",
        contact_point_id=_point("ann@example.org"),
        subject="Your code",
        text="123",
        language="en",
        expires_at=clock.now() + timedelta(hours=1),
        once=once,
    ).pk


def _put_off(issue: Issue, point: int) -> None:
    with transaction.atomic():
        key = DeliveryKey(issue.pk, 0, point, "mail")
        apply([Tried(key, "later", "451 busy", "4.3.2", "files", clock.now())])


def new_address(registration: int, address: str) -> int:
    point = travellers.contact_point("mail", address)
    travellers.add_reach(Registration.objects.get(pk=registration), point)
    return point.pk


def broken() -> dict[str, list[str]]:
    """What breaks each rule, by its name."""
    return {rule.name: rule.first for rule in prove() if rule.broken}


def rule_named(name: str) -> Rule:
    (found,) = (rule for rule in prove() if rule.name == name)
    return found


def count_again() -> None:
    """Running totals made anew from the rows, so that they break no rule of their own."""
    ends = "('sent', 'refused', 'withdrawn', 'too old')"
    domain = (
        "(SELECT COALESCE(MAX(c.domain), '') FROM contact_point c WHERE c.id = contact_point_id)"
    )
    insert = (
        "INSERT INTO delivery_total (issue_id, channel, domain, fact, cause, n)"
        " SELECT issue_id, channel, domain, fact, '', COUNT(*) FROM ("
    )
    of_all = f"SELECT issue_id, channel, {domain} AS domain,"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM delivery_total")
        for facts in (
            f"{of_all} 'planned' AS fact FROM delivery WHERE issue_id = 0 OR letter_id = 0",
            f"{of_all} state AS fact FROM delivery WHERE state IN {ends}",
            f"{of_all} 'later' AS fact FROM attempt WHERE outcome = 'later'"
            " AND (issue_id = 0 OR letter_id = 0)",
            f"SELECT DISTINCT issue_id, letter_id, contact_point_id, channel, {domain} AS domain,"
            " word AS fact FROM receipt",
        ):
            cursor.execute(f"{insert} {facts}) t GROUP BY issue_id, channel, domain, fact")
        cursor.execute(
            "DELETE FROM delivery_total WHERE issue_id > 0"
            " AND issue_id NOT IN (SELECT id FROM issue)"
        )


def move_attempt(issue_id: int, point: int, to: Any, n: int = 1) -> None:
    """An attempt, and what its delivery says of it, happened at another moment."""
    key = {"issue_id": issue_id, "letter_id": 0, "contact_point_id": point, "channel": "mail"}
    assert Attempt.objects.filter(**key, n=n).update(at=to) == 1
    assert Delivery.objects.filter(**key).update(sent_at=to) == 1
