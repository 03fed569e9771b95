"""Lists from other registers: nobody is lost, nobody is taken for verified who is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from wayhome.travellers.models import Assurance, Reach, Registration
from wayhome.trips.importing import Imported, import_csv

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def bring_in(path: Path, *lines: str) -> Imported:
    header = "name,place,arrive,reference,party,mail,verified"
    file = path / "people.csv"
    file.write_text("\n".join([header, *lines, ""]))
    return import_csv(file)


def names() -> list[str]:
    return list(
        Registration.objects.order_by("traveller__name").values_list("traveller__name", flat=True)
    )


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    lines = (
        "Ann,Mosul,2026-01-01,r1,p1,ann@example.org,",
        "Bo,Mosul,2026-01-01,,p1,,",
        "Cy,Mosul,2026-01-01,r2,,cy@example.org,",
    )
    assert bring_in(tmp_path, *lines) == Imported(enrolled=3)
    assert bring_in(tmp_path, *lines) == Imported(known=3)
    assert names() == ["Ann", "Bo", "Cy"]


def test_whoever_is_new_in_a_known_party_is_named(tmp_path: Path) -> None:
    ann = "Ann,Mosul,2026-01-01,r1,p1,ann@example.org,"
    bring_in(tmp_path, ann)
    again = bring_in(tmp_path, ann, "Bo,Mosul,2026-01-01,r2,p1,bo@example.org,")
    assert (again.known, again.refused) == (1, 1)
    assert [(fault.line, "is new" in fault.problem) for fault in again.faults] == [(3, True)]
    alone = bring_in(tmp_path, ann, "Bo,Mosul,2026-01-01,r2,p2,bo@example.org,")
    assert alone == Imported(enrolled=1, known=1)


def test_one_reference_in_two_parties_is_refused_and_the_rest_enrolled(tmp_path: Path) -> None:
    found = bring_in(
        tmp_path,
        "Ann,Mosul,2026-01-01,r1,p1,ann@example.org,",
        "Ann,Basra,2026-02-01,r1,p2,ann@example.org,",
        "Cy,Mosul,2026-01-01,r3,,cy@example.org,",
    )
    assert (found.enrolled, found.refused) == (1, 2)
    assert [fault.line for fault in found.faults] == [2, 3]
    assert names() == ["Cy"]


def test_a_reference_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    found = bring_in(tmp_path, "Ann,Mosul,2026-01-01,r\0,,ann@example.org,")
    assert found.refused == 1
    assert "cannot be shown" in found.faults[0].problem


def test_each_address_is_as_verified_as_its_own_line_says(tmp_path: Path) -> None:
    bring_in(
        tmp_path,
        "Ann,Mosul,2026-01-01,r1,p1,ann@example.org,2020-01-01",
        "Bo,Mosul,2026-01-01,r2,p1,bo@example.org,",
        "Cy,Mosul,2026-01-01,r3,p2,cy@example.org,",
        "Di,Mosul,2026-01-01,r4,p2,di@example.org,2021-01-01",
    )
    verified = {
        reach.contact_point.address: reach.verified_at and reach.verified_at.year
        for reach in Reach.objects.select_related("contact_point")
    }
    assert verified == {
        "ann@example.org": 2020,
        "bo@example.org": None,
        "cy@example.org": None,
        "di@example.org": 2021,
    }
    unsure = Registration.objects.filter(assurance=Assurance.SELF_DECLARED)
    assert [each.traveller.name for each in unsure] == ["Cy"]
