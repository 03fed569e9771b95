"""She comes by every other door as well: entered by a relative, a member, at the desk, by another
register's list and from another instance; found alike, joined, parted, vouched for, asked again.
Forgotten, she is found nowhere, and by no search."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.integration.test_moving import another_instance
from tests.integration.web.conftest import enrolment_form
from tests.support import traces
from tests.support.factories import Staff, enrol, make_officer, make_staff, run_schedules, work
from tests.support.portal import code_in, letters_to, link_in, reach_at
from wayhome.letters.models import Letter
from wayhome.links import TripsLink, trips_token
from wayhome.officers.access import access_for
from wayhome.officers.models import AuditRow
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.travellers import erasure, joining, quarantine, searching, vouching
from wayhome.travellers.door_models import (
    AssuranceStep,
    GuardianWish,
    Informant,
    NameChange,
    Quarantine,
    ReachCode,
    Telling,
)
from wayhome.travellers.models import (
    Assurance,
    Door,
    Joining,
    Likeness,
    LikenessStep,
    NameSound,
    Registration,
    Traveller,
)
from wayhome.travellers.organisation_codes import new_door_code
from wayhome.travellers.organisations import make_organisation
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.freshness_models import Confirmation, StayAsk
from wayhome.trips.importing import import_csv, read_mapping
from wayhome.trips.models import Stay
from wayhome.trips.moving import arrive, leave, own_key
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

NAME, FORMER = "Xanthippe Quorndon", "Xanthippe Quorndonne"
CHILD = "Kit Quorndon"
TRACES = (
    "xanthippe",
    "quorndon",
    "canary.example",
    "ottoline",
    "marzipan",
    "zeppelin",
)
MAPPING = """[columns]
"Wer" = "last_first"
"Nr" = "reference"
"Post" = "mail"
"Ort" = "place"
"Land" = "country"
"Von" = "arrive"
"""


@pytest.fixture
def data(outbox: Path) -> Path:
    return outbox.parent


def path_of(registration: Registration) -> str:
    registration.refresh_from_db()
    return f"/my/{trips_token(TripsLink(registration.pk, registration.link_epoch))}/"


def form(mail: str, **more: str) -> dict[str, str]:
    return enrolment_form(clock.today()) | {
        "people": "1",
        "person-0-name": NAME,
        "mail": mail,
        **more,
    }


def moved_in(settings: Any, data: Path) -> None:
    """She was enrolled at another instance, and comes with its file."""
    lead = make_officer("lead", Role.APPROVER)
    enrol(PersonSaid(NAME, reference="zeppelin-7"), mail="x@moved-canary.example")
    there, file = own_key(), data / "moved.whm"
    leave(lead, "closing the old register", file)
    with transaction.atomic():
        another_instance(settings)
    assert arrive(file, there, cap=Assurance.REACHABLE, trust_verification=True).enrolled == 1
    file.unlink()


def by_relative(settings: Any) -> None:
    """Her godmother enters her, amid so many that it is held to be a flood."""
    settings.WAYHOME_ENROL_PER_NETWORK = 0
    public = Client(REMOTE_ADDR="8.8.8.8")
    sent = form(
        "x@entered-canary.example",
        informant_name="Ottoline Marchbanks",
        informant_relation="godmother of Xanthippe",
        informant_how="she wrote from the marzipan works",
        informant_mail="ottoline@home-canary.example",
        informant_consent="on",
    )
    assert public.post("/enrol/for-someone/", sent).status_code == 302
    settings.WAYHOME_ENROL_PER_NETWORK = 500
    work()
    code = letters_to("x@entered-canary.example")[-1]
    assert public.post(link_in(code, "v")).status_code == 302
    work()
    assert letters_to("x@entered-canary.example")[-1].kind == Letter.Kind.LINK


def by_the_others(staff: Staff, data: Path) -> None:
    """As a member of an organisation, at the desk, and by another register's list."""
    code = new_door_code(make_organisation("uni-x", "University of X"))
    member = form("x@member-canary.example", organisation_code=code)
    assert Client().post("/enrol/", member).status_code == 302
    desk = Client()
    desk.force_login(staff.author)
    at_desk = form("x@desk-canary.example", document_seen="yes")
    assert desk.post("/desk/enrol/", at_desk).status_code == 302
    mapping, file, faults = data / "map.toml", data / "list.csv", data / "faults.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    file.write_text(
        "Wer,Nr,Post,Ort,Land,Von\n"
        f'"Quorndon, Xanthippe",zeppelin-9,x@list-canary.example,Mosul,IQ,{clock.today()}\n'
        f'"Quorndon, Xanthippe",zeppelin-9b,no address,Mosul,IQ,{clock.today()}\n',
        encoding="utf-8",
    )
    result = import_csv(file, mapping=read_mapping(mapping), faults_to=faults)
    assert (result.enrolled, result.refused) == (1, 1)
    for each in (mapping, file, faults):  # they are whoever's who brought them
        each.unlink()


def on_her_page(own: Registration) -> None:
    """She corrects her name, confirms an address and her stay, asks another to take the child."""
    page, path = Client(), path_of(own)
    page.post(f"{path}name/{own.pk}/", {"name": NAME})
    page.post(f"{path}addresses/new/", {"mail": "x@second-canary.example"})
    work()
    reach = reach_at("x@second-canary.example")
    page.post(f"{path}reach/{reach.pk}/code/", {"code": "0000 0000"})
    code = code_in(letters_to("x@second-canary.example")[-1])
    page.post(f"{path}reach/{reach.pk}/code/", {"code": code})
    reach.refresh_from_db()
    assert reach.verified_at is not None
    stay = Stay.objects.get(trip__registration=own, is_current=True)
    page.post(f"{path}stays/{stay.pk}/ended/", {"do": "holds"})
    child = Registration.objects.get(traveller__name=CHILD)
    ben = Registration.objects.get(traveller__name="Ben Birch")
    page.post(f"{path}guardian/{child.pk}/", {"adult": str(ben.pk)})
    asked = json.loads(page.get(f"{path}data.json").content)
    assert NAME in [each["name"] for each in asked["people"]]
    with zipfile.ZipFile(io.BytesIO(page.get(f"{path}data.zip").content)) as archive:
        assert NAME in archive.read("people.csv").decode("utf-8-sig")


def by_officers(staff: Staff, own: Registration) -> None:
    """They find her records alike, join them, part and join one again, and vouch for her."""
    run_schedules()
    work()
    hers = Traveller.objects.filter(name=NAME).exclude(pk=own.traveller_id).order_by("pk")
    numbers = list(hers.values_list("pk", flat=True))
    assert len(numbers) == 5
    assert Likeness.objects.filter(a__name=NAME, b__name=NAME).exists()
    for number in numbers:
        joining.join(staff.author, own.traveller_id, number, f"the passport of {NAME}")
    newest = Joining.objects.latest("pk")
    joining.part(staff.author, newest.pk, "Xanthippe has a sister")
    joining.join(staff.author, newest.older_id, newest.newer_id, "Xanthippe has no sister")
    own.refresh_from_db()
    assert Registration.objects.filter(traveller=own.traveller).count() == 6
    vouching.document_seen(staff.author, own.pk, "Quorndonian passport", "Xanthippe showed it")
    vouching.confirm(staff.author, own.pk, "Xanthippe and I went to school together")
    burst = Quarantine.objects.get(decision="proven")
    Quarantine.objects.filter(pk=burst.pk).update(decision="", decided_at=None)
    quarantine.decide(staff.author, burst.burst, release=True, reason=f"{NAME} is real")
    work()


def test_forgotten_she_is_found_nowhere_whatever_door_she_came_by(
    data: Path, settings: Any
) -> None:
    moved_in(settings, data)
    staff = make_staff()
    own, ben, _ = enrol(
        PersonSaid(FORMER, reference="zeppelin-1", mail="x@first-canary.example"),
        PersonSaid("Ben Birch", mail="ben@example.org"),
        PersonSaid(CHILD, minor=True),
        mail="both@example.org",  # which stays, for Ben
    )
    by_relative(settings)
    by_the_others(staff, data)
    on_her_page(own)
    by_officers(staff, own)
    doors = set(Registration.objects.filter(traveller=own.traveller).values_list("door", flat=True))
    assert doors == set(Door)
    rooms = {line.partition(".")[0] for line in traces.in_tables(TRACES)}
    assert {
        "assurance_step", "contact_point", "informant", "joining", "likeness_step", "name_change",
        "name_key", "quarantine", "reach_code", "registration", "repointing", "traveller",
    } <= rooms  # fmt: skip
    for model in (Confirmation, GuardianWish, LikenessStep, NameSound, StayAsk, Telling):
        assert model.objects.exists(), model.__name__
    assert traces.in_index([NAME, FORMER, CHILD, "Ben Birch"]) == [NAME, FORMER, CHILD, "Ben Birch"]
    people = list(Traveller.objects.exclude(name="Ben Birch").values_list("pk", flat=True))

    asked = Client().post(f"{path_of(own)}forget/", {"sure": "yes"})
    assert asked.status_code == 302
    for _ in range(2):
        work()
        run_schedules()
    work()
    assert erasure.Ask.objects.get().done_at is not None

    assert traces.in_tables(TRACES) == []
    assert traces.in_index([NAME, FORMER, CHILD, "(erased)", "Ben Birch"]) == ["Ben Birch"]
    assert traces.in_files(data, TRACES) == []
    left = traces.database_octets().lower()
    assert [each for each in TRACES if each.encode() in left] == []
    assert all(erasure.is_erased(number) for number in people)
    for model in (Confirmation, GuardianWish, Informant, NameChange, ReachCode, LikenessStep):
        assert not model.objects.exclude(**_of_ben(model, ben)).exists(), model.__name__
    assert not Likeness.objects.exists()
    assert not NameSound.objects.filter(traveller__in=people).exists()
    # Numbers stay: that records were joined, how sure it was, what officers did.
    assert Joining.objects.filter(parted_at=None, why="").count() == 5
    steps = AssuranceStep.objects.filter(registration=own)
    assert max(steps.values_list("now", flat=True)) == Assurance.CONFIRMED
    assert AuditRow.objects.filter(deed="erased", kind="erasure ask").count() == 1
    _not_found(staff, own)


def _of_ben(model: Any, ben: Registration) -> dict[str, object]:
    """What is Ben's own of what is asked and said, and stays."""
    if model is ReachCode:
        return {"reach__registration": ben}
    if model is Confirmation:
        return {"said_by_id": ben.pk}
    if model is LikenessStep:
        return {"likeness__a": ben.traveller_id}
    return {"registration": ben} if model is not GuardianWish else {"asked_by": ben}


def _not_found(staff: Staff, own: Registration) -> None:
    access = access_for(staff.author, "where is she")
    for text in (NAME, FORMER, "(erased)", "erased", "quor", f"#{own.pk}", "zeppelin-1"):
        try:
            found = searching.search(access, "people", text).people
        except Problem:
            continue
        assert found == [], text
    assert [each.name for each in searching.search(access, "people", "Birch").people] == [
        "Ben Birch"
    ]
    assert [n for between in searching.sweep() for n in searching.drift(between)] == []


def test_a_former_name_is_found_no_more_once_it_is_corrected_by_its_owner(data: Path) -> None:
    """What she is called now is found at once; a name that she came with, as before."""
    staff = make_staff()
    own = enrol(FORMER, mail="x@first-canary.example")[0]
    Client().post(f"{path_of(own)}name/{own.pk}/", {"name": "Amandine Quill"})
    access = access_for(staff.author, "where is she")
    for text in ("Amandine", FORMER):
        (found,) = searching.search(access, "people", text).people
        assert found.name == "Amandine Quill"


def test_codes_go_on_time_and_not_before_they_are_of_no_use(data: Path, settings: Any) -> None:
    from wayhome.travellers import retention

    settings.WAYHOME_RETAIN_MAIL_DAYS = 1
    Client().post("/enrol/", form("x@first-canary.example"))
    work()
    code = ReachCode.objects.get()
    ReachCode.objects.update(made_at=clock.now() - timedelta(days=29))
    assert retention.run()["codes"] == 0
    ReachCode.objects.update(made_at=clock.now() - timedelta(days=31))
    assert retention.run()["codes"] == 1
    assert not ReachCode.objects.filter(pk=code.pk).exists()
