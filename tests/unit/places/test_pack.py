"""The places pack is whole, complete and consistent."""

import sys
import threading

import pytest

from wayhome.places import PlaceError, pack, packfile, shapes
from wayhome.places.folding import VERSION, fold, normalise

pytestmark = pytest.mark.unit

# ISO 3166-1 alpha-2, all officially assigned codes.
_ISO_3166_1 = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
ISO_3166_1 = _ISO_3166_1.split()


def test_files_are_what_provenance_says() -> None:
    assert packfile.damaged_files() == []


def test_pack_is_small() -> None:
    assert sum(path.stat().st_size for path in packfile.DATA.iterdir()) < 15_000_000


def test_damage_is_noticed(tmp_path, monkeypatch) -> None:
    for path in packfile.DATA.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "shapes.npz").open("ab") as file:
        file.write(b"x")
    (tmp_path / "aliases.tsv").unlink()
    monkeypatch.setattr(packfile, "DATA", tmp_path)
    assert packfile.damaged_files() == ["shapes.npz", "aliases.tsv"]


def test_an_index_of_another_folding_is_refused(tmp_path, monkeypatch) -> None:
    packfile.write_names(tmp_path / "names.npz", {"a": [1]})
    monkeypatch.setattr(packfile, "DATA", tmp_path)
    assert packfile.read_names()[0] == {"a": 0}
    monkeypatch.setattr(packfile, "VERSION", VERSION + 1)
    with pytest.raises(RuntimeError, match="build it again"):
        packfile.read_names()


def test_every_country_is_there() -> None:
    assert len(ISO_3166_1) == 249
    countries = {code for code, area in pack.areas().items() if area.kind == "country"}
    assert countries == {*ISO_3166_1, "XK"}


def test_hierarchy_is_sound() -> None:
    for code, area in pack.areas().items():
        above = pack.ancestors(code)
        assert (above[-1] if above else code) == code[:2]
        assert area.country == code[:2]
        assert all(code in pack.descendants(each) for each in above)
    assert pack.ancestors("IQ-AR") == ("IQ-KR", "IQ")
    assert pack.descendants("IQ-KR") == {"IQ-AR", "IQ-DA", "IQ-SU"}
    assert "IQ-AR" not in pack.children("IQ")


@pytest.mark.parametrize(
    ("given", "code"),
    [("iq-an", "IQ-AN"), ("IQ-TS", "IQ-KI"), ("US-PR", "PR"), ("FR-GF", "GF"), (" IQ ", "IQ")],
)
def test_former_and_second_codes(given: str, code: str) -> None:
    assert pack.area(given).code == code


@pytest.mark.parametrize("given", ["", "XX", "IQ-ZZ", "IQ-AN\x00", "é" * 1000, "IQ-AN; DROP"])
def test_unknown_codes(given: str) -> None:
    with pytest.raises(PlaceError, match="no area has the code") as caught:
        pack.area(given)
    assert caught.value.field == "area"
    assert caught.value.fix
    assert len(str(caught.value)) < 200


def test_unknown_city() -> None:
    with pytest.raises(PlaceError):
        pack.city(1)


def test_polygons_are_sound() -> None:
    import shapely

    found = pack.shapes()
    assert all(shape.is_valid and not shape.is_empty for shape in found.values())
    west, south, east, north = shapely.total_bounds(list(found.values()))
    assert (west, south) >= (-180, -90)
    assert (east, north) <= (180, 90)
    country, parts = pack.geometry("IQ"), [pack.geometry(code) for code in pack.children("IQ")]
    assert country is not None
    for part in parts:
        assert part is not None
        assert part.difference(country.buffer(1e-6)).area < 1e-6
    assert pack.geometry("BV") is None


def test_code_numbers_are_unique() -> None:
    numbers = {pack.code_number(code) for code in pack.areas()}
    assert len(numbers) == len(pack.areas())
    assert max(numbers) < 2**32
    assert pack.code_number("IQ-AN") == 656_026_169


def test_names_in_the_index_are_folded_as_now() -> None:
    names, _, _ = packfile.read_names()
    sample = list(names)[:: len(names) // 5000]
    assert sum(fold(name) == name for name in sample) == len(sample)
    cities = list(pack.cities().values())
    assert all(normalise(city.name) in names for city in cities[::37])


def test_most_cities_lie_in_their_own_subdivision(capsys) -> None:
    import numpy as np

    own: dict[str, list[pack.City]] = {}
    for city in pack.cities().values():
        if city.subdivision in pack.shapes() and "-" in city.subdivision:
            own.setdefault(city.subdivision, []).append(city)
    inside = near = total = 0
    for code, cities in own.items():
        shape = shapes.PolygonShape(pack.shapes()[code])
        lon = np.array([city.lon for city in cities])
        lat = np.array([city.lat for city in cities])
        inside += int(shape.covers(lon, lat).sum())
        near += int(shape.near(lon, lat, np.full(len(cities), 5000.0)).sum())
        total += len(cities)
    with capsys.disabled():
        shares = f"{inside / total:.1%} of {total:,} inside, {near / total:.1%} within 5 km"
        sys.stdout.write(f"\ncities in their own area: {shares}\n")
    assert total > 0.9 * len(pack.cities())
    assert inside / total >= 0.94
    assert near / total >= 0.98


def test_loading_from_many_threads_gives_one_pack(monkeypatch) -> None:
    monkeypatch.setattr(pack, "_PACK", pack._Pack())
    found: list[object] = []

    def load() -> None:
        found.append(pack.areas()["IQ"])

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(area) for area in found}) == 1
