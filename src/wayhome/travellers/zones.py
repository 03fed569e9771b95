"""Languages and time zones that people may choose."""

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
