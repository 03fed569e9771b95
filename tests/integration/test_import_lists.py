"""Lists as other registers write them: read right, named where wrong, mended, brought in again."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.factories import own
from wayhome.problems import Problem
from wayhome.travellers import contact_policy
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    PartyMember,
    Reach,
    Registration,
    Traveller,
)
from wayhome.trips import services as trips
from wayhome.trips.importing import Imported, import_csv, read_mapping
from wayhome.trips.imports import gathering, running
from wayhome.trips.imports.mapping import Mapping, read_day
from wayhome.trips.imports.suggesting import suggest
from wayhome.trips.models import Stay, StayMatch
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

GERMAN = """[file]
encoding = "cp1252"
delimiter = ";"
header_row = 3

[columns]
"Nr." = "reference"
"Nachname, Vorname" = "last_first"
"E-Mail" = "mail"
"Handy" = "phone"
"Kind" = "minor"
"Gruppe" = "party"
"Land" = "country"
"Ort 1" = "place1"
"Von 1" = "arrive1"
"Bis 1" = "depart1"
"Ort 2" = "place2"
"Von 2" = "arrive2"
"Bis 2" = "depart2"
"Passnummer" = "ignore"

[constants]
language = "en"

[read]
dates = "day first"
yes = ["ja"]
no = ["nein"]
"""
TITLE = "Reisende des Instituts\r\nStand: Mai\r\n"
COLUMNS = (
    "Nr.;Nachname, Vorname;E-Mail;Handy;Kind;Gruppe;Land;Ort 1;Von 1;Bis 1;Ort 2;Von 2;Bis 2;"
    "Passnummer\r\n"
)


def german(folder: Path, *lines: str, name: str = "liste.csv") -> tuple[Path, Mapping]:
    (folder / "german.toml").write_text(GERMAN, encoding="utf-8")
    text = TITLE + COLUMNS + "".join(f"{line}\r\n" for line in lines)
    (folder / name).write_bytes(text.encode("cp1252"))
    return folder / name, read_mapping(folder / "german.toml")


def listed(folder: Path, *lines: str, header: str = "") -> Path:
    header = header or "name,place,arrive,depart,reference,party,minor,mail,phone,verified"
    path = folder / "people.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def test_a_german_list_is_read_by_its_mapping(tmp_path: Path) -> None:
    path, mapping = german(
        tmp_path,
        "7;Müller, Änne;anne@example.org;+4915112345678;nein;G1;Irak;Mossul;3.4.2026;20.4.2026;"
        "Erbil;20.04.2026;01.05.2026;C01X00T47",
        "8;Müller, Ben;;;ja;G1;Irak;Mossul;03.04.2026;20.04.2026;Erbil;20.04.2026;01.05.2026;",
        "9;Weiß, Cora;cora@example.org;;;;IRQ;Basra;01.06.2026;;;;;",
    )
    assert import_csv(path, mapping=mapping) == Imported(enrolled=3)
    assert list(Traveller.objects.order_by("name").values_list("name", flat=True)) == [
        "Ben Müller",
        "Cora Weiß",
        "Änne Müller",
    ]
    anne = Registration.objects.get(reference="7")
    stays = Stay.objects.filter(trip__registration=anne).order_by("line")
    assert [(s.words, s.arrive, s.depart) for s in stays] == [
        ("Mosul, Iraq", date(2026, 4, 3), date(2026, 4, 20)),
        ("Erbil, Iraq", date(2026, 4, 20), date(2026, 5, 1)),
    ]
    assert Traveller.objects.get(name="Ben Müller").guardian == anne.traveller
    came = dict(anne.original["people"][0]["came_as"])
    assert came["Von 1"] == "3.4.2026"  # as it came, should anybody doubt the order of the day
    assert "C01X00T47" not in str(anne.original)  # what is ignored is not kept


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"Passnummer" = "ignore"\n', ""), "header: has unknown or repeated columns: Passnummer"),
        (('"Kind" = "minor"', '"Kind" = "child"'), "columns.Kind: 'child' is no field"),
        (('"Kind" = "minor"', '"Kind" = "party"'), "columns.gruppe: is party, as 'kind' is"),
        (('dates = "day first"', 'dates = "german"'), "read.dates: 'german' is unknown"),
        (('encoding = "cp1252"', 'encoding = "ansi"'), "file.encoding: 'ansi' is unknown"),
        (("header_row = 3", "header_row = 0"), "file.header_row: 0 is no row"),
        (("[read]", "[reading]"), "mapping.reading: is unknown"),
        (('"Nr." = "reference"', '"No." = "reference"'), "unknown or repeated columns: Nr."),
        (('"Von 1" = "arrive1"', '"Von 1" = "ignore"'), None),
        (('language = "en"', 'name = "Anne"'), "constants.name: is no field that all can share"),
        (("[file]", "[file"), "mapping: is no TOML"),
    ],
)
def test_a_fault_of_a_mapping_names_key_and_fix(
    tmp_path: Path, change: tuple[str, str], words: str | None
) -> None:
    path, _ = german(tmp_path)
    assert change[0] in GERMAN
    (tmp_path / "german.toml").write_text(GERMAN.replace(*change), encoding="utf-8")
    if words is None:  # the second stay still says when somebody arrives
        import_csv(path, mapping=read_mapping(tmp_path / "german.toml"))
        return
    with pytest.raises(Problem) as problem:
        import_csv(path, mapping=read_mapping(tmp_path / "german.toml"))
    assert words in str(problem.value)
    assert problem.value.fix


def test_what_is_refused_is_written_out_mended_and_brought_in(tmp_path: Path) -> None:
    path, mapping = german(
        tmp_path,
        "7;Müller, Änne;anne@example.org;+4915112345678;nein;G1;Irak;Mossul;3.4.2026;20.4.2026;;;;",
        "8;Müller, Ben;;;vielleicht;G1;Irak;Mossul;03.04.2026;20.04.2026;;;;",
        "9;Weiß, Cora;cora@example.org;;;;IRQ;Basra;01.06.2026;;;;;",
        "10;=cmd(), Dora;dora@example.org;;;;IRQ;Nowheresville;31.02.2026;;;;;",
    )
    faults = tmp_path / "faults.csv"
    result = import_csv(path, mapping=mapping, faults_to=faults)
    assert (result.enrolled, result.refused) == (1, 3)
    assert [fault.line for fault in result.faults] == [5, 7]
    text = faults.read_bytes().decode("cp1252")
    assert faults.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(text.splitlines()[2:], delimiter=";"))
    assert [row["wayhome line"] for row in rows] == ["4", "5", "7"]
    assert [row["wayhome field"] for row in rows] == ["", "minor", "arrive"]
    assert rows[0]["wayhome problem"] == "refused with its party"
    assert rows[1]["wayhome fix"] == "write yes or no"
    # No spreadsheet runs a cell of it.
    assert rows[2]["Nachname, Vorname"] == "'=cmd(), Dora"
    assert rows[0]["Handy"] == "'+4915112345678"
    with pytest.raises(Problem, match="exists"):
        import_csv(path, mapping=mapping, faults_to=faults)
    mended = text.replace("vielleicht", "ja").replace("31.02.", "28.02.")
    mended = mended.replace("Nowheresville", "Basra")
    faults.write_bytes(mended.encode("cp1252"))
    assert import_csv(faults, mapping=mapping) == Imported(enrolled=3)
    assert ContactPoint.objects.filter(address="+4915112345678").exists()
    assert Traveller.objects.filter(name="Dora =cmd()").exists()
    assert import_csv(path, mapping=mapping) == Imported(known=4)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "cp1252", "iso8859-15"])
def test_an_encoding_is_read_as_named_and_a_wrong_one_is_said(
    tmp_path: Path, encoding: str
) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        f'[file]\nencoding = "{encoding}"\n[columns]\n"Nom" = "name"\n"Pays" = "country"\n'
        '"Arrivée" = "arrive"\n"Courriel" = "mail"\n',
        encoding="utf-8",
    )
    path = tmp_path / "liste.csv"
    path.write_bytes(
        "Nom,Pays,Arrivée,Courriel\nZoé,Irak,2026-04-01,zoe@example.org\n".encode(encoding)
    )
    assert import_csv(path, mapping=read_mapping(mapping)).enrolled == 1
    assert Traveller.objects.get().name == "Zoé"
    assert Stay.objects.get().precision == "country"
    if encoding != "utf-8":
        with pytest.raises(Problem, match=r"is not UTF-8 \(byte \d+\)"):
            import_csv(path)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "Nachname;Vorname;E-Mail;Reiseland;Anreise;Abreise;Passnummer",
            "Weiß;Cora;c@example.org;Irak;24.12.2026;31.12.2026;C01",
            {
                "Nachname": "family_name",
                "Vorname": "given_name",
                "E-Mail": "mail",
                "Reiseland": "country",
                "Anreise": "arrive",
                "Abreise": "depart",
                "Passnummer": "ignore",
            },
        ),
        (
            "Nom,Courriel,Ville,Du,Au",
            "Zoé,z@example.org,Paris,2026-04-01,2026-04-02",
            {"Nom": "name", "Courriel": "mail", "Ville": "place", "Du": "arrive", "Au": "depart"},
        ),
        (
            "Full name\tMobile\tCity 1\tFrom 1\tTo 1\tCity 2\tFrom 2\tTo 2",
            "Ann\t+33612345678\tParis\t12/24/2026\t12/25/2026\tLyon\t12/25/2026\t",
            {"City 2": "place2", "From 1": "arrive1", "To 2": "depart2", "Mobile": "phone"},
        ),
        (
            "الاسم,البريد الالكتروني,الدولة,تاريخ الوصول",
            "علي,ali@example.org,Iraq,2026-04-01",
            {"الاسم": "name", "الدولة": "country", "تاريخ الوصول": "arrive"},
        ),
    ],
)
def test_a_suggested_mapping_is_one(
    tmp_path: Path, header: str, row: str, expected: dict[str, str]
) -> None:
    path, mapping = tmp_path / "list.csv", tmp_path / "suggested.toml"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    mapping.write_text(suggest(path), encoding="utf-8")
    found = read_mapping(mapping)
    lower = {name.lower(): field for name, field in expected.items()}
    assert {name: found.columns[name] for name in lower} == lower
    assert import_csv(path, mapping=found).enrolled == 1


def test_lines_of_a_party_may_stand_far_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list sorted by age, all adults first, is read as often as it must be."""
    monkeypatch.setattr(gathering, "MOST_HELD", 3)
    monkeypatch.setattr(running, "PEOPLE_IN_TRANSACTION", 4)
    adults = [f"Adult {n},Mosul,2026-01-01,,a{n},p{n},,a{n}@example.org,," for n in range(9)]
    minors = [f"Minor {n},Mosul,2026-01-01,,m{n},p{n},yes,,," for n in range(9)]
    path = listed(tmp_path, *adults, "Odd,Mosul,2026-01-01,,x,px,,,,", *minors)
    told: list[tuple[int, int]] = []
    result = import_csv(path, progress=lambda done, of: told.append((done, of)))
    assert (result.enrolled, result.refused) == (18, 1)
    assert told[-1] == (10, 10)
    for n in range(9):
        minor = Traveller.objects.get(name=f"Minor {n}")
        assert minor.guardian is not None
        assert minor.guardian.name == f"Adult {n}"
    assert import_csv(path) == Imported(known=18, refused=1, faults=result.faults)


def test_a_party_of_all_is_a_wrong_column(tmp_path: Path) -> None:
    lines = [f"P {n},Mosul,2026-01-01,,r{n},all,,p@example.org,," for n in range(3201)]
    with pytest.raises(Problem, match="party: one has 3,201 lines"):
        import_csv(listed(tmp_path, *lines))


class Killed(BaseException):
    """As good as a kill: nothing catches it."""


def test_killed_half_way_and_started_again_nobody_is_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With references and without; two lines that are the same are two people, and stay two."""
    monkeypatch.setattr(running, "PEOPLE_IN_TRANSACTION", 3)
    lines = [f"P {n},Mosul,2026-01-01,,r{n},,,p{n}@example.org,," for n in range(6)]
    lines += [f"Q {n},Mosul,2026-01-01,,,,,q{n}@example.org,," for n in range(6)]
    lines += ["Twin,Mosul,2026-01-01,,,,,twin@example.org,,"] * 2
    path = listed(tmp_path, *lines)

    def die(done: int, _of: int) -> None:
        if done >= 8:
            raise Killed

    with pytest.raises(Killed):
        import_csv(path, progress=die)
    written = Registration.objects.count()
    assert 8 <= written < 14
    result = import_csv(path)
    assert (result.enrolled, result.known) == (14 - written, written)
    assert Traveller.objects.filter(name="Twin").count() == 2
    assert import_csv(path) == Imported(known=14)
    # The list grows at its head, and what it held before is known still.
    grown = listed(tmp_path, "New,Mosul,2026-01-01,,,,,new@example.org,,", *lines)
    assert import_csv(grown) == Imported(enrolled=1, known=14)
    joins = Owed.objects.filter(job="delivery.join").values_list("key", flat=True)
    assert set(joins) == {str(pk) for pk in Traveller.objects.values_list("pk", flat=True)}


ANN = "Ann,Mosul,2026-01-01,2026-03-01,r1,,,ann@example.org,,2025-01-01"


def test_what_changed_in_the_list_is_taken_over_only_when_asked(tmp_path: Path) -> None:
    import_csv(listed(tmp_path, ANN))
    moved = "Ann Ash,Basra,2026-01-01,2026-04-01,r1,,,ann@example.com,+9647901234567,2025-02-01"
    assert import_csv(listed(tmp_path, moved)) == Imported(known=1)
    assert Stay.objects.get().words == "Mosul, Iraq"
    Owed.objects.all().delete()
    dry = import_csv(listed(tmp_path, moved), update=True, dry_run=True)
    assert (dry.known, dry.changed, Stay.objects.count()) == (1, 1, 1)
    assert import_csv(listed(tmp_path, moved), update=True) == Imported(known=1, changed=1)
    old, new = Stay.objects.order_by("version")
    assert (old.is_current, new.is_current, new.words) == (False, True, "Basra, Iraq")
    assert set(StayMatch.objects.values_list("stay_id", flat=True)) == {new.pk}
    reaches = {r.contact_point.address: r for r in Reach.objects.select_related("contact_point")}
    assert reaches["ann@example.org"].ended_at is not None
    assert reaches["ann@example.com"].verified_at == reaches["+9647901234567"].verified_at
    assert Traveller.objects.get().name == "Ann Ash"
    assert Owed.objects.filter(job="delivery.join").count() == 1
    assert import_csv(listed(tmp_path, moved), update=True) == Imported(known=1)
    assert Stay.objects.count() == 2
    assert Registration.objects.get().original["stays"][0]["place"] == "Mosul"  # as it came first


def test_what_they_changed_themselves_is_theirs(tmp_path: Path) -> None:
    import_csv(listed(tmp_path, ANN))
    trips.change_stay(Stay.objects.get().pk, depart=date(2026, 9, 1))
    reach = Reach.objects.get()
    contact_policy.stop(reach.pk, own(reach))
    moved = "Ann,Basra,2026-01-01,2026-04-01,r1,,,ann@example.com,,2025-01-01"
    for _ in range(2):  # told each time
        result = import_csv(listed(tmp_path, moved), update=True)
        stays = [fault for fault in result.faults if fault.name == "stay 1"]
        assert len(stays) == 1
        assert "was changed since by self" in stays[0].what
    current = Stay.objects.get(is_current=True)
    assert (current.words, current.depart) == ("Mosul, Iraq", date(2026, 9, 1))
    reach.refresh_from_db()
    assert reach.ended_at is None
    assert Reach.objects.count() == 2  # the new address beside it


def test_whoever_a_muster_covers_is_changed_by_no_list(tmp_path: Path) -> None:
    import_csv(listed(tmp_path, ANN))
    moved = "Ann,Basra,2026-01-01,2026-04-01,r1,,,ann@example.com,,2025-01-01"
    result = import_csv(listed(tmp_path, moved), update=True, covered=set)
    assert (result.changed, result.conflicts) == (0, 1)
    assert "a muster covers this person" in result.faults[0].problem
    assert Stay.objects.get().words == "Mosul, Iraq"


def test_a_stay_that_the_list_no_longer_has_is_kept_and_told(tmp_path: Path) -> None:
    second = "Ann,Erbil,2026-03-01,2026-05-01,r1,,,ann@example.org,,2025-01-01"
    import_csv(listed(tmp_path, ANN))
    assert import_csv(listed(tmp_path, ANN, second), update=True).changed == 1
    assert Stay.objects.filter(is_current=True).count() == 2
    result = import_csv(listed(tmp_path, ANN), update=True)
    assert (result.changed, result.conflicts) == (0, 1)
    assert "is in the list no more, and is kept" in result.faults[0].problem
    assert Stay.objects.filter(is_current=True).count() == 2


def test_verified_since_in_the_list_is_so_here(tmp_path: Path) -> None:
    import_csv(listed(tmp_path, ANN.removesuffix("2025-01-01")))
    assert Registration.objects.get().assurance == Assurance.SELF_DECLARED
    assert import_csv(listed(tmp_path, ANN), update=True).changed == 1
    assert Reach.objects.get().verified_at is not None
    assert Registration.objects.get().assurance == Assurance.REACHABLE


def test_a_party_keeps_together_in_a_list_of_organisations(tmp_path: Path) -> None:
    header = "name,place,arrive,party,mail,minor"
    lines = ("Ann,Mosul,2026-01-01,p,a@example.org,", "Kim,Mosul,2026-01-01,p,,yes")
    assert import_csv(listed(tmp_path, *lines, header=header)) == Imported(enrolled=2)
    assert PartyMember.objects.count() == 2
    assert import_csv(listed(tmp_path, *lines, header=header)) == Imported(known=2)
    changed = (lines[0], lines[1].replace("Kim", "Kimberly"))
    result = import_csv(listed(tmp_path, *changed, header=header))
    assert (result.enrolled, result.known, result.refused) == (0, 1, 1)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.dates(date(1000, 1, 1), date(9998, 1, 1)), st.sampled_from("./-"))
def test_a_day_is_read_as_it_was_written(day: date, mark: str) -> None:
    parts = [f"{day.year:04}", str(day.month), f"{day.day:02}"]
    assert read_day(Mapping(), mark.join(parts)) == day
    assert read_day(Mapping(dates="day first"), mark.join(parts[::-1])) == day
    american = mark.join([parts[1], parts[2], parts[0]])
    assert read_day(Mapping(dates="month first"), f"{american} 00:00:00") == day
    assert read_day(Mapping(dates="day first"), day.isoformat()) == day


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    st.text(max_size=20), st.sampled_from(["year first", "day first", "month first", "%d %b %Y"])
)
def test_no_text_breaks_the_reading_of_days(text: str, order: str) -> None:
    assert read_day(Mapping(dates=order), text) is None or any(c.isdecimal() for c in text)
