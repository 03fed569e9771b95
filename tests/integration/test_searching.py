"""People are found by any fragment of a name in any script, and only as the definition says."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.support.factories import Staff, enrol, enrol_one, register
from wayhome.officers.access import Access, access_for
from wayhome.officers.models import Look
from wayhome.problems import Problem
from wayhome.travellers import search_sql, searching, services
from wayhome.travellers.models import NameKey, Registration, Traveller
from wayhome.travellers.searching import Rank
from wayhome.trips.enrolment import PersonSaid

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# What is typed, and the name that it must find.
SPELT = [
    ("ash ann", "Ann Ash"),
    ("nn as", "Ann Ash"),
    ("JOSE", "José Muñoz"),
    ("munoz jos", "José Muñoz"),
    ("strasse", "Anna Straße"),
    ("muller", "Jürgen Müller"),
    ("mueller", "Jürgen Müller"),
    ("isik", "Işık Yılmaz"),
    ("YILMAZ", "Işık Yılmaz"),
    ("ISTANBULLU", "İstanbullu"),
    ("иванов", "Александр ИВАНОВ"),
    ("артем", "Артём Ёлкин"),
    ("احمد", "أحمد الحسن"),
    ("أَحْمَد", "احمد الحسن"),
    ("فاطمه", "فاطمة علی"),
    ("علي", "فاطمة علی"),
    ("محـــمد", "محمد علي"),
    ("王", "王伟"),
    ("伟", "王伟"),
    ("王伟", "王 伟"),
    ("김", "김민수"),
    ("민수 김", "김 민수"),
    ("ﾀﾅｶ", "タナカ ハナ"),
    ("たなか", "タナカ ハナ"),
    ("ＡＮＮ", "Ann Ash"),
    ("προς", "Γιώργος Πρόσωπος"),
    ("राम", "राम शर्मा"),
    ("o'bri", "Sean OBrien"),
    ("smith-jo", "Amy Smith Jones"),
    ("li", "Bo Li"),
    ("i", "Bo Li"),
]


@pytest.fixture
def access(staff: Staff) -> Access:
    return access_for(staff.viewer, "a call from the family")


def names(access: Access, text: str) -> list[str]:
    return [person.name for person in searching.search(access, "people", text).people]


@pytest.mark.parametrize(("typed", "name"), SPELT)
def test_whatever_way_it_is_typed(access: Access, typed: str, name: str) -> None:
    enrol_one(name, mail="a@example.org")
    enrol_one("Somebody Else", mail="b@example.org")
    assert name in names(access, typed)


def test_the_best_first(access: Access) -> None:
    for number, name in enumerate(["Joanna Bash", "Ann Ashton", "Bo Annas", "Ash Ann", "Li Ann"]):
        enrol_one(name, mail=f"{number}@example.org")
    assert names(access, "ann ash") == ["Ash Ann", "Ann Ashton", "Joanna Bash"]
    assert names(access, "ann") == ["Ann Ashton", "Ash Ann", "Li Ann", "Bo Annas", "Joanna Bash"]


def test_by_whole_address_number_and_reference_and_by_no_part_of_them(access: Access) -> None:
    parent = enrol(
        PersonSaid("Ann Ash", reference="R/77"),
        PersonSaid("Bo Ash", minor=True),
        mail="ann@example.org",
        phone="+9647901234567",
    )[0]
    both = ["Ann Ash", "Bo Ash"]
    assert names(access, "ANN@example.org ") == both
    assert names(access, "+964 790 123 4567") == both
    assert names(access, "R/77") == ["Ann Ash"]
    assert names(access, f"#{parent.pk}") == ["Ann Ash"]
    for part in ("ann@example", "example.org", "+96479012345", "790123", "R/7"):
        assert names(access, part) == []


def test_who_is_shown_was_looked_at_and_nobody_else(access: Access, staff: Staff) -> None:
    shown = enrol_one("Ann Ash")
    enrol_one("Bo Birch")
    names(access, "ash")
    looks = Look.objects.values_list("officer_id", "traveller_id", "view", "purpose")
    assert list(looks) == [(staff.viewer.pk, shown.pk, "people", "a call from the family")]


@pytest.mark.parametrize("typed", ["", "  ", "?!", "\u0640"])
def test_nothing_is_no_question(access: Access, typed: str) -> None:
    enrol_one("Ann Ash")
    with pytest.raises(Problem):
        names(access, typed)


def test_many_are_not_listed_but_narrowed(access: Access) -> None:
    for number in range(searching.SHOWN + 5):
        register(f"Ann {number}")
    found = searching.search(access, "people", "ann")
    assert (len(found.people), found.more) == (searching.SHOWN, True)
    assert Look.objects.count() == searching.SHOWN
    assert not searching.search(access, "people", "ann 7").more


def test_joined_records_are_one_and_found_by_both_names(access: Access) -> None:
    kept, twin = enrol_one("Mohammed Ali"), enrol_one("محمد علي", mail="m@example.org")
    registration = twin.registrations.get()
    services.repoint(registration, kept, why="the same", by_officer=1)
    for typed in ("mohammed", "محمد"):
        found = searching.search(access, "people", typed).people
        assert [(each.traveller_id, each.registrations) for each in found] == [(kept.pk, 2)]
    assert found[0].other_names == ("محمد علي",)
    services.repoint(registration, twin, why="no", by_officer=1)
    assert names(access, "محمد") == ["محمد علي"]
    assert names(access, "mohammed") == ["Mohammed Ali"]


def test_what_drifted_is_found_and_mended(access: Access) -> None:
    _, changed, lost = (enrol_one(name) for name in ("Ann Ash", "Bo Birch", "Cy Cedar"))
    Traveller.objects.filter(pk=changed.pk).update(name="Bob Birch")
    searching.search_sql.write({lost.pk: ""})
    assert [n for between in searching.sweep() for n in searching.drift(between)] == [
        changed.pk,
        lost.pk,
    ]
    assert searching.mend() == 2
    assert searching.mend() == 0
    assert names(access, "bob") == ["Bob Birch"]
    assert names(access, "cedar") == ["Cy Cedar"]
    assert names(access, "ann") == ["Ann Ash"]


@pytest.mark.django_db(transaction=True)
def test_written_anew_it_finds_the_same(access: Access) -> None:
    for name in ("Ann Ash", "王伟", "محمد علي"):
        enrol_one(name)
    before = list(NameKey.objects.order_by("pk").values())
    assert searching.rebuild() == 3
    assert list(NameKey.objects.order_by("pk").values()) == before
    assert search_sql.is_indexed()
    assert names(access, "伟") == ["王伟"]


def test_no_name_stays_behind_in_the_index() -> None:
    person = enrol_one("Ann Ash")
    codes = search_sql.codes(NameKey.objects.get().text)
    Registration.objects.filter(traveller=person).update(traveller=enrol_one("Bo Birch"))
    searching.index([person.pk])
    assert not NameKey.objects.filter(pk=person.pk).exists()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(*) FROM name_key WHERE traveller_id = %s", [person.pk])
            assert cursor.fetchone() == (0,)
        else:
            cursor.execute(
                "SELECT rowid FROM name_gram WHERE name_gram MATCH %s", [f"x{codes[0]:x}"]
            )
            assert (person.pk,) not in cursor.fetchall()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="FTS5 is SQLite's")
def test_a_sqlite_without_fts5_finds_the_same(access: Access) -> None:
    for name in ("Ann Ash", "王伟"):
        enrol_one(name)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE name_gram")
    enrol_one("Bo Birch")
    assert names(access, "伟") == ["王伟"]
    assert names(access, "birch") == ["Bo Birch"]
    assert names(access, "a s n") == ["Ann Ash"]


@pytest.mark.django_db(transaction=True)
def test_django_rebuilding_tables_leaves_the_index(access: Access) -> None:
    """SQLite's migrations make tables anew, and drop what they did not make themselves."""
    enrol_one("Ann Ash")
    field = Traveller._meta.get_field("name")
    with connection.schema_editor() as editor:
        editor.alter_field(Traveller, field, field, strict=False)
        if connection.vendor == "sqlite":
            editor._remake_table(NameKey)  # type: ignore[attr-defined]
            editor._remake_table(Traveller)  # type: ignore[attr-defined]
    assert search_sql.is_indexed()
    assert names(access, "ash") == ["Ann Ash"]


WORDS = ["ann", "anna", "an", "a", "li", "王", "王伟", "김민수", "ali", "علي", "иван", "müller"]


def test_whom_one_may_not_see_is_not_there() -> None:
    ann, bo = enrol_one("Ann Ash"), enrol_one("Bo Ash")
    assert [n for n, _ in searching.by_name("ash", 9)[0]] == [ann.pk, bo.pk]
    shown = searching.by_name("ash", 9, lambda numbers: set(numbers) - {ann.pk})
    assert shown == ([(bo.pk, Rank.WORDS)], False)


class SearchEqualsItsDefinition(TestCase):
    @settings(max_examples=60)
    @given(
        people=st.lists(
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=1, max_size=12
        ),
        asked=st.lists(
            st.sampled_from([*WORDS, "n", "i", "伟", "mu", "ue", "لي", "ва", "nn"]),
            min_size=1,
            max_size=3,
        ),
        ranked=st.sampled_from([0, 2, searching.RANKED]),
        limit=st.sampled_from([1, 3, searching.SHOWN]),
    )
    def test_for_any_names_and_questions(
        self, people: list[list[str]], asked: list[str], ranked: int, limit: int
    ) -> None:
        for person in people:
            register(" ".join(person))
        words = searching.question(" ".join(asked))
        definition = sorted(
            (found, number)
            for number, text in NameKey.objects.values_list("pk", "text")
            if (found := searching.rank(words, text)) is not None
        )
        before = searching.RANKED
        searching.RANKED = ranked
        try:
            shown, more = searching.by_name(words, limit)
        finally:
            searching.RANKED = before
        assert more == (len(definition) > limit) or len(definition) > ranked
        if len(definition) <= ranked:
            assert [(found, number) for number, found in shown] == definition[:limit]
        else:
            # Of equal rank any may be shown; of a better one all are.
            assert [found for _, found in shown] == [found for found, _ in definition[:limit]]
            assert {(found, number) for number, found in shown} <= set(definition)
        assert all(isinstance(found, Rank) for _, found in shown)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's vacuum does it")
@pytest.mark.django_db(transaction=True)
def test_what_was_deleted_leaves_the_files_of_the_index_too() -> None:
    searching.rebuild()  # without what tests before it left
    for name in ["Ann Ash"] * 40:
        enrol_one(name)
    gone = enrol_one("Quirrenbach")
    token = f"x{search_sql.code('quirrenbach'[:3]):x}".encode()
    assert _is_in_files(token)
    Registration.objects.filter(traveller=gone).update(traveller=Traveller.objects.first())
    searching.search_sql.write({gone.pk: ""})
    searching.forget_deleted()
    assert not _is_in_files(token)


def _is_in_files(token: bytes) -> bool:
    """Terms share their beginnings with the one before, so that only the end may be written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT block FROM name_gram_data")
        return any(token[4:] in bytes(block or b"") for (block,) in cursor.fetchall())
