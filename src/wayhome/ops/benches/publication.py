"""A warning for many people in one city, published and planned: what dispatch is measured with."""

from datetime import timedelta

from django.db import connection

from wayhome.bulletins import services as bulletins
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.delivery.models import Delivery, DeliveryState
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.places.reading import read
from wayhome.travellers.addresses import address_hash
from wayhome.travellers.models import ContactPoint, Reach, Registration, Traveller
from wayhome.trips.matchrows import day_number
from wayhome.trips.models import NO_END, StayMatch
from wayhome.work import clock
from wayhome.work.services import run_one_due

_CHUNK = 2000
_TABLES = (
    *("attempt", "delivery", "slice", "delivery_total", "dispatch", "audience", "owed"),
    *("bulletin_step", "issue_text", "bulletin_text"),
)


def fill(people: int) -> None:
    """So many residents of Mosul, each with a verified mail address of their own."""
    now, today = clock.now(), day_number(clock.today())
    domains = ("example.org", "example.com", "example.net")
    for start in range(0, people, _CHUNK):
        size = min(_CHUNK, people - start)
        travellers = Traveller.objects.bulk_create(
            [Traveller(name=f"Person {start + n}", made_at=now) for n in range(size)]
        )
        registrations = Registration.objects.bulk_create(
            [
                Registration(traveller=each, door="list", assurance=2, original={}, made_at=now)
                for each in travellers
            ]
        )
        addresses = [f"p{start + n}@{domains[n % 3]}" for n in range(size)]
        points = ContactPoint.objects.bulk_create(
            [
                ContactPoint(
                    kind="mail",
                    address=address,
                    address_hash=address_hash("mail", address),
                    domain=address.rpartition("@")[2],
                    made_at=now,
                )
                for address in addresses
            ]
        )
        Reach.objects.bulk_create(
            [
                Reach(registration=one, contact_point=point, verified_at=now, made_at=now)
                for one, point in zip(registrations, points, strict=True)
            ]
        )
        StayMatch.objects.bulk_create(
            [
                StayMatch(
                    area="IQ-NI",
                    certainty=2,
                    traveller_id=each.pk,
                    radius_m=0,
                    stay_id=each.pk,
                    arrive=today,
                    depart=NO_END,
                    departed=False,
                )
                for each in travellers
            ]
        )


def publish_and_plan() -> None:
    """Two officers publish; owed work is done up to the sending."""
    author, signer = (_officer(role) for role in (Role.OFFICER, Role.APPROVER))
    said = BulletinSaid(
        kind="warning",
        region=read("Nineveh, Iraq"),
        source="Bench",
        hazard="measuring",
        texts=(TextSaid("en", "A measured warning", "word " * 200, "Do this.", "Not so."),),
        ask="safety",
        expires_at=clock.now() + timedelta(days=2),
    )
    draft = bulletins.draft(author, said)
    bulletins.submit(author, draft.pk)
    _work()
    readback = draft.readbacks.latest("pk")
    count = int(readback.counts["people"])
    bulletins.sign(signer, draft.pk, readback.pk, expect_count=count)
    bulletins.publish(author, draft.pk, expect_count=count)
    _work()


def owed() -> int:
    """Deliveries that are not done."""
    return Delivery.objects.filter(state=DeliveryState.OWED).count()


def empty() -> None:
    """Take everything away again, the officers and the instance apart."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("UPDATE bulletin SET newest_issue_id = NULL")
        for table in ("issue", "readback", "bulletin", "stay_match", "reach", "contact_point"):
            cursor.execute(f"DELETE FROM {table}")
        for table in ("registration", "traveller"):
            cursor.execute(f"DELETE FROM {table}")


def _officer(role: Role) -> Officer:
    email = f"{role}@bench.example"
    found = Officer.objects.filter(email=email).first()
    return found or Officer.objects.create(email=email, name=role.title(), role=role, password="!")


def _work() -> None:
    while run_one_due():
        pass
