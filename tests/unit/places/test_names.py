"""Names find their places, and doubtful ones are not taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.places import PlaceError, pack
from wayhome.places.names import find, normalise, the_one

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Anbar", "IQ-AN"), ("Al-Anbar", "IQ-AN"), ("al anbar governorate", "IQ-AN"),
        ("Nineveh", "IQ-NI"), ("Ninewa", "IQ-NI"), ("Ninawa", "IQ-NI"), ("Nīnawá", "IQ-NI"),
        ("Salahuddin", "IQ-SD"), ("Salah al-Din", "IQ-SD"), ("Salah ad Din", "IQ-SD"),
        ("Saladin", "IQ-SD"), ("Diyala", "IQ-DI"), ("Diyala province", "IQ-DI"),
        ("Tamim", "IQ-KI"), ("At-Ta'mim", "IQ-KI"), ("Kirkuk", "IQ-KI"),
        ("Dohuk", "IQ-DA"), ("Duhok", "IQ-DA"), ("Irbil", "IQ-AR"), ("Erbil", "IQ-AR"),
        ("Baghdad", "IQ-BG"), ("Basra", "IQ-BA"), ("Kurdistan", "IQ-KR"),
        ("الأنبار", "IQ-AN"), ("الانبار", "IQ-AN"), ("محافظة الأنبار", "IQ-AN"),
        ("نينوى", "IQ-NI"), ("صلاح الدين", "IQ-SD"), ("ديالى", "IQ-DI"), ("كركوك", "IQ-KI"),
        ("التأميم", "IQ-KI"), ("دهوك", "IQ-DA"), ("أربيل", "IQ-AR"), ("بغداد", "IQ-BG"),
    ],
)  # fmt: skip
def test_names_in_iraq(name: str, code: str) -> None:
    assert the_one(name, "IQ").code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Iraq", "IQ"), ("العراق", "IQ"), ("Deutschland", "DE"), ("Россия", "RU"), ("中国", "CN"),
        ("UK", "GB"), ("U.S.", "US"), ("United States", "US"), ("Burma", "MM"),
        ("the Gambia", "GM"), ("Côte d’Ivoire", "CI"), ("Cote d'Ivoire", "CI"), ("Turkey", "TR"),
        ("Holland", "NL"), ("Trinidad & Tobago", "TT"), ("Bavaria", "DE-BY"), ("Bayern", "DE-BY"),
        ("Crimea", "UA-43"), ("Puerto Rico", "PR"), ("Hong Kong", "HK"), ("Kosovo", "XK"),
        ("England", "GB-ENG"), ("New York", "US-NY"), ("Paris", "FR-75C"), ("Baghdad", "IQ-BG"),
    ],
)  # fmt: skip
def test_names_anywhere(name: str, code: str) -> None:
    assert the_one(name).code == code


@pytest.mark.parametrize(
    ("name", "country", "city"),
    [
        ("Mosul", None, "Mosul"), ("الموصل", "IQ", "Mosul"), ("Baghdad city", None, "Baghdad"),
        ("city of Baghdad", None, "Baghdad"), ("München", None, "Munich"),
        ("Москва", None, "Moscow"),
    ],
)  # fmt: skip
def test_cities(name: str, country: str | None, city: str) -> None:
    assert the_one(name, country).name == city


def test_narrow_means_the_city() -> None:
    assert the_one("Baghdad").kind == "subdivision"
    assert the_one("Baghdad", narrow=True).kind == "city"
    assert the_one("Baghdad province", narrow=True).kind == "subdivision"


def test_sureness() -> None:
    assert the_one("Tamim", "IQ").sureness == "former"
    assert the_one("Teheran").sureness == "alias"
    found = the_one("Salahudin", "IQ")
    assert (found.code, found.sureness) == ("IQ-SD", "fuzzy")
    assert 0.9 <= found.score < 1


@pytest.mark.parametrize(
    "name", ["Georgia", "Punjab", "Niger", "Victoria", "Gaza", "Congo", "Springfield"]
)
def test_ambiguous_names_are_refused(name: str) -> None:
    with pytest.raises(PlaceError, match="several places") as caught:
        the_one(name)
    assert len(caught.value.candidates) > 1
    assert all(candidate in caught.value.fix for candidate in caught.value.candidates)


def test_a_country_is_meant_by_its_name_even_if_narrow() -> None:
    assert the_one("Mexico", narrow=True).code == "MX"
    assert the_one("Kuwait", narrow=True).code == "KW"


@pytest.mark.parametrize("name", ["Asia", "EU", "Middle East", "the Sahel", "Africa"])
def test_what_is_wider_than_a_country_is_refused(name: str) -> None:
    with pytest.raises(PlaceError, match="wider than a country"):
        the_one(name)


def test_short_other_names_of_cities_are_not_taken() -> None:
    with pytest.raises(PlaceError, match="no place called"):
        the_one("Kan.")


def test_context_settles() -> None:
    assert the_one("Georgia", "US").code == "US-GA"
    assert the_one("Georgia", kinds=("country",)).code == "GE"
    assert the_one("Punjab", "PK").code == "PK-PB"


@pytest.mark.parametrize(
    "name", ["Sinai", "Xyzzy", "", " ", "..", "😀", "northern Iraq", "a", "-" * 500]
)
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(PlaceError, match="no place called"):
        the_one(name)


def test_unknown_names_come_with_suggestions() -> None:
    with pytest.raises(PlaceError, match="North Darfur"):
        the_one("Darfur")


def test_limits_and_kinds() -> None:
    assert len(find("Springfield", limit=3)) == 3
    assert {match.kind for match in find("Baghdad", kinds=("city",))} == {"city"}
    assert {match.country for match in find("Victoria", "CA")} == {"CA"}


@pytest.mark.parametrize("code", sorted(pack.areas())[::53])
def test_every_area_is_found_by_its_own_name(code: str) -> None:
    area = pack.area(code)
    for name in (area.name, area.label):
        assert code in {match.code for match in find(name, area.country, limit=50)}


@given(st.text(max_size=300))
def test_normalising_is_stable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) in (once, normalise(normalise(once)))
    assert len(once) <= 3000


@given(st.text(max_size=40))
def test_no_text_breaks_finding(text: str) -> None:
    for match in find(text, "IQ"):
        assert match.country == "IQ"
        assert 0 < match.score <= 1
