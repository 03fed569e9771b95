"""A person unlike any other comes in by every door and leaves a trace in every room; forgotten,
they are found nowhere: in no table, no file, no octet of the database."""

from __future__ import annotations

import email.message
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.support import traces
from tests.support.factories import (
    Staff,
    enrol,
    make_staff,
    publish,
    region,
    run_schedules,
    said,
    work,
)
from tests.support.history import broken
from wayhome.delivery import host_files, linking, receipts
from wayhome.delivery.bounces import doors
from wayhome.delivery.models import Delivery, Receipt
from wayhome.delivery.types import DeliveryKey
from wayhome.letters.models import Letter
from wayhome.links import TripsLink
from wayhome.musters import services as musters
from wayhome.musters import writing
from wayhome.musters.models import Muster, RollChange, RollEntry
from wayhome.officers.access import access_for
from wayhome.officers.models import Look
from wayhome.replies import services as replies
from wayhome.replies.models import Reply, ReplyPrivate
from wayhome.travellers import erasure, legal_hold, private
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import By, PolicySaid, set_policy
from wayhome.travellers.models import ContactPoint, Door, Reach, Registration, Traveller
from wayhome.travellers.privacy_models import TravellerPrivate
from wayhome.travellers.private import DocumentSeen
from wayhome.travellers.sealing import ERASED, Sealed, unseal_many
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.importing import import_csv
from wayhome.trips.models import Stay
from wayhome.trips.services import change_stay
from wayhome.trips.services import enrol as write
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

NAME = "Xanthippe Quorndon"
MAIL, HOME = "xanthippe@quorndon-canary.example", "oldma@homecanary.example"
PHONE = "+9647712345678"
WORDS = "beneath the vermilion staircase"
DOCUMENT = "C9X7Q4Z2K"
MEDICINE, STREET, CASE = "zolgensma weekly", "Kumquat Alley 77", "brother is a wyvernkeeper"
NOTE = "heard her ocarina"
# Whatever tells of her; places are common, and her stay's own row is looked for by itself.
TRACES = (
    "xanthippe",
    "quorndon",
    "homecanary",
    "7712345678",
    "vermilion",
    DOCUMENT.lower(),
    "zolgensma",
    "kumquat",
    "wyvernkeeper",
    "ocarina",
)
SECRET = ("vermilion", DOCUMENT.lower(), "zolgensma", "kumquat", "wyvernkeeper")


@pytest.fixture
def data(outbox: Path) -> Path:
    return outbox.parent


def enrol_by_page() -> None:
    """The page of the portal, as a browser sends it."""
    today = clock.today()
    sent = Client().post(
        reverse("portal:enrol"),
        {
            "person-0-name": NAME,
            "stay-0-place": "Mosul, Iraq",
            "stay-0-arrive": str(today),
            "stay-0-depart": str(today + timedelta(days=4)),
            "mail": MAIL,
            "phone": PHONE,
            "emergency_mail": HOME,
            "language": "en",
            "press": "0" * 32,
        },
    )
    assert sent.status_code == 302


def everywhere(staff: Staff, data: Path) -> Registration:
    """She comes in by every door, and every room learns something of her."""
    own = enrol(
        PersonSaid(NAME, reference="quorndon-ref"), mail=MAIL, phone=PHONE, emergency_mail=HOME
    )[0]
    enrol_by_page()
    write(said(NAME, mail=MAIL), door=Door.OFFICER, entered_by=staff.author.pk)
    file = data / "list.csv"
    file.write_text(
        "reference,name,mail,place,country,arrive,verified\n"
        f"quorndon-list,{NAME},{MAIL},Mosul,IQ,{clock.today()},{clock.today()}\n",
        encoding="utf-8",
    )
    assert import_csv(file).enrolled == 1
    file.unlink()
    for each in Registration.objects.filter(traveller__name=NAME).exclude(pk=own.pk):
        travellers.repoint(each, own.traveller, why=f"{NAME} twice", by_officer=staff.author.pk)
    doors_of = {each.door for each in Registration.objects.filter(traveller=own.traveller)}
    assert doors_of == {Door.SELF, Door.OFFICER, Door.LIST}
    assert Registration.objects.filter(traveller=own.traveller).count() == 4
    return own


def lived_through(staff: Staff, own: Registration, data: Path) -> Muster:
    """An incident: warned, called, answered, written to, held, complained about."""
    person = own.traveller
    publish(staff)
    muster = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    link = TripsLink(own.pk, own.link_epoch)
    replies.reply_by_trips(link, "safe", [person.pk], words=WORDS, device=f"{NAME}'s phone")
    work()
    reach = Reach.objects.filter(registration=own, purpose="own", contact_point__kind="mail").get()
    set_policy(reach.pk, PolicySaid(neutral=True), By(staff.author), why=f"{NAME} asked for it")
    access = access_for(staff.case_officer, f"cases: {NAME} is missed")
    entry = RollEntry.objects.get(muster=muster, traveller=person)
    (way, *_) = writing.own_ways(access, "letter", person.pk)
    writing.write_to(
        staff.case_officer, access, entry.pk, way=way.key, language="en", text=f"Dear {NAME}, call"
    )
    writing.send_link(staff.case_officer, access, entry.pk, way=way.key)
    linking.ask(MAIL)
    work()
    musters.decide(staff.case_officer, entry.pk, "safe", reason=NOTE)
    musters.close_entry(staff.signer, entry.pk, reason=NOTE)
    seen = DocumentSeen("passport", DOCUMENT, "GR", clock.today() + timedelta(days=900))
    private.add_document(staff.author, own, seen)
    private.set_words(own, "medical", MEDICINE)
    private.set_words(own, "address", STREET, staff.author)
    private.set_words(own, "case note", CASE, staff.case_officer)
    hold = legal_hold.place(staff.signer, person.pk, reason=f"the case {NAME}")
    legal_hold.lift(staff.signer, hold.pk, f"{NAME} won it")
    point = ContactPoint.objects.get(address=MAIL)
    travellers.suppress(point, f"550 <{MAIL}> unknown")
    _refused(point)
    message = email.message.EmailMessage()
    message["From"], message["Subject"] = MAIL, "where are you"
    message.set_content(WORDS)
    doors.keep(bytes(message))
    change_stay(own_stay(own), depart=clock.today() + timedelta(days=20))
    work()
    return muster


def own_stay(own: Registration) -> int:
    return Stay.objects.get(trip__registration=own, is_current=True).pk


def _refused(point: ContactPoint) -> None:
    """A relay and a provider quote the address, as they do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attempt SET detail = %s WHERE contact_point_id = %s",
            [f"451 <{point.address}> later", point.pk],
        )
        assert cursor.rowcount > 0
    delivery = Delivery.objects.filter(contact_point_id=point.pk, letter_id=0).first()
    assert delivery is not None
    key = DeliveryKey(delivery.issue_id, 0, point.pk, "mail")
    receipts.record(key, Receipt.Word.DEFERRED, "dsn", "x1", "4.2.2", f"{point.address} is full")


def test_forgotten_she_is_found_nowhere(data: Path) -> None:
    staff = make_staff()
    enrol("Ben Birch", mail="ben@example.org")
    own = everywhere(staff, data)
    lived_through(staff, own, data)
    person = own.traveller
    before = traces.in_tables(TRACES)
    rooms = {line.partition(".")[0] for line in before}
    assert {"traveller", "registration", "contact_point", "letter", "look", "attempt"} <= rooms
    assert {"roll_change", "reach_step", "repointing", "suppression", "receipt"} <= rooms
    assert {"legal_hold", "reply", "delivery_total"} <= rooms
    assert traces.in_files(data / "outbox", TRACES)
    assert traces.in_files(data / "mail-kept", TRACES)
    sealed = [
        Sealed(row.key_id, bytes(row.sealed), "reply_private.sealed", row.pk)
        for row in ReplyPrivate.objects.all()
    ] + [
        Sealed(row.key_id, bytes(row.sealed), private.PLACE, row.pk)
        for row in TravellerPrivate.objects.all()
    ]
    opened = " ".join(unseal_many(sealed)).lower()
    assert all(secret in opened for secret in SECRET)
    backup = traces.database_octets().lower()
    assert b"quorndon" in backup
    assert not any(secret.encode() in backup for secret in SECRET), "what hurts most is sealed"

    asked = erasure.ask(own, erasure.Ask.SaidBy.SELF)
    assert not asked.is_kept
    work()
    run_schedules()
    work()
    host_files.sweep()
    asked.refresh_from_db()
    assert asked.done_at is not None

    assert traces.in_tables(TRACES) == []
    assert traces.in_files(data, TRACES) == []
    left = traces.database_octets().lower()
    assert [each for each in TRACES if each.encode() in left] == []
    assert set(unseal_many(sealed)) == {ERASED}, "the backup's sealed octets open no more"

    assert Traveller.objects.filter(pk=person.pk, erased_at__isnull=False).exists()
    assert Delivery.objects.exists()
    assert Reply.objects.filter(registration=own).exists()
    assert RollChange.objects.filter(entry__traveller=person).exists()
    assert Look.objects.filter(traveller_id=person.pk).exists()
    assert Letter.objects.filter(registration_id=own.pk, text="").exists()
    assert Traveller.objects.filter(name="Ben Birch").exists(), "nobody else is touched"
    assert broken() == {}
