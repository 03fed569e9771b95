"""Languages and time zones that people may choose."""

import math
import re
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH, available_timezones

# In which messages are worded (what a bulletin has no words in comes in English).
LANGUAGES = ("en", "fr", "es", "ar")

_CONTINENTS = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/",
    "Europe/", "Indian/", "Pacific/",
)  # fmt: skip


@cache
def zone_names() -> tuple[str, ...]:
    """IANA names offered: places, and UTC; in order."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(_CONTINENTS)))


def is_zone(name: str) -> bool:
    return name in available_timezones()


@cache
def zone_of_country(code: str) -> str:
    """The one time zone of a country (ISO 3166-1); empty where it has several or is unknown."""
    for folder in TZPATH:
        table = Path(folder) / "zone.tab"
        if table.is_file():
            lines = table.read_text(encoding="utf-8").splitlines()
            zones = [line.split("\t")[2] for line in lines if line.startswith(f"{code}\t")]
            return zones[0] if len(zones) == 1 else ""
    return ""


_DEGREES = re.compile(r"([+-])(\d{2,3})(\d{2})(\d{2})?")


@cache
def _zones_of(code: str) -> tuple[tuple[str, float, float], ...]:
    """(name, longitude, latitude) of each zone of a country, by the host's table."""
    found: list[tuple[str, float, float]] = []
    for folder in TZPATH:
        table = Path(folder) / "zone.tab"
        if not table.is_file():
            continue
        for line in table.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{code}\t"):
                parts = [_degrees(*match) for match in _DEGREES.findall(line.split("\t")[1])]
                found.append((line.split("\t")[2], parts[1], parts[0]))
        break
    return tuple(found)


def _degrees(sign: str, whole: str, minutes: str, _seconds: str) -> float:
    value = int(whole) + int(minutes) / 60
    return -value if sign == "-" else value


def zone_near(code: str, lon: float | None, lat: float | None) -> str:
    """The time zone of a place in a country (ISO 3166-1): its only one, else that whose town is
    nearest; empty where there are several and no point, or none is known."""
    zones = _zones_of(code)
    if len(zones) == 1:
        return zones[0][0]
    if not zones or lon is None or lat is None:
        return ""
    return min(zones, key=lambda zone: _apart(zone, lon, lat))[0]


def _apart(zone: tuple[str, float, float], lon: float, lat: float) -> float:
    east = (zone[1] - lon + 180) % 360 - 180
    return math.hypot(east * math.cos(math.radians(lat)), zone[2] - lat)
