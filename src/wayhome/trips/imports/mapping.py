"""Mapping files (TOML): which column of another register is which field, and how to read it."""

import re
import tomllib
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from wayhome.problems import Problem
from wayhome.trips.enrolment import MOST_STAYS
from wayhome.trips.imports.reading import DELIMITERS, Layout, known_encoding, plain

REQUIRED = ("name", "place", "arrive")
OPTIONAL = (
    "reference",
    "party",
    "minor",
    "mail",
    "phone",
    "language",
    "country",
    "depart",
    "verified",
    "emergency_mail",
    "emergency_phone",
)
FIELDS = (*REQUIRED, *OPTIONAL)
# Names in parts, joined to ``name``.
NAME_PARTS = ("given_name", "family_name", "last_first")
OF_STAY = ("place", "country", "arrive", "depart")
IGNORE = "ignore"
ORDERS = ("year first", "day first", "month first")
_NUMBERED = re.compile(r"(place|country|arrive|depart)([1-9]\d?)")
_DAY = re.compile(r"(\d{1,4})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,4})\.?")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"", "no", "false", "0"})

Values = dict[str, str]


@dataclass(frozen=True)
class Mapping:
    """``columns``: field by lower-case column; empty: the columns have the fields' own names."""

    columns: Named[str, str] = field(default_factory=dict)
    constants: Named[str, str] = field(default_factory=dict)
    dates: str = "year first"  # one of ORDERS, or a format of strptime
    yes: frozenset[str] = _YES
    no: frozenset[str] = _NO
    layout: Layout = field(default_factory=Layout)

    @property
    def given(self) -> bool:
        """Whether there is a mapping at all."""
        return bool(self.columns)


@dataclass(frozen=True)
class Reader:
    """A mapping bound to the header of one file: makes values of cells."""

    mapping: Mapping
    places: dict[str, int]  # where each field's cell is
    used: tuple[tuple[str, int], ...]  # columns that are read, as they are called

    def value(self, cells: list[str], name: str) -> str:
        """One field that no stay repeats (reference, party)."""
        place = self.places.get(name)
        return self.mapping.constants.get(name, "") if place is None else plain(cells[place])

    def stays(self, cells: list[str]) -> list[Values]:
        """The values of a record, one for each stay that it tells of (one at least)."""
        values = dict.fromkeys(FIELDS, "") | dict(self.mapping.constants)
        found = {name: plain(cells[place]) for name, place in self.places.items()}
        numbered: dict[int, Values] = {}
        for name, text in found.items():
            if match := _NUMBERED.fullmatch(name):
                numbered.setdefault(int(match[2]), {})[match[1]] = text
            elif name not in NAME_PARTS and (text or name not in values or not values[name]):
                values[name] = text
        values["name"] = _joined_name(found) or values["name"]
        stays = [own for _, own in sorted(numbered.items()) if any(own.values())]
        lines = [values | {name: text for name, text in own.items() if text} for own in stays]
        lines = lines or [values]
        if "place" not in self.places and not any(n.startswith("place") for n in self.places):
            for line in lines:
                line["place"] = line["place"] or line["country"]
        return lines

    def came_as(self, cells: list[str]) -> tuple[tuple[str, str], ...]:
        """The cells as they came by their own columns, where a mapping read them."""
        if not self.mapping.given:
            return ()
        return tuple((name, cells[place].strip()) for name, place in self.used if cells[place])

    def identity(self, cells: list[str]) -> tuple[str, ...]:
        """What tells a record without a reference from others: all but what changes by itself."""
        changing = {self.places.get(name) for name in ("verified", "language")}
        return tuple(cells[place].strip() for _, place in self.used if place not in changing)


def bind(mapping: Mapping, header: list[str]) -> Reader:
    """A reader for files with this header; Problem naming what is lacking or unknown."""
    names = [name.strip().lower() for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1})
    fields = [mapping.columns.get(name, "") if mapping.given else name for name in names]
    if mapping.given:
        unknown = [header[n] for n, target in enumerate(fields) if not target]
        absent = [name for name in mapping.columns if name not in names]
    else:
        unknown = [name for name, target in zip(header, fields, strict=True) if not _is(target)]
        absent = []
    there = {name for name in fields if name != IGNORE} | set(mapping.constants)
    missing = _missing(there, mapping.given)
    fix = (
        'add them to [columns], with "ignore" where they shall not be read'
        if mapping.given
        else f"use {', '.join(FIELDS)}"
    )
    if missing:
        raise Problem("header", f"lacks {', '.join(missing)}", fix)
    if unknown or repeated:
        words = ", ".join(unknown or repeated)[:200]
        raise Problem("header", f"has unknown or repeated columns: {words}", fix)
    if absent:
        raise Problem(
            "columns", f"names what the file has not: {', '.join(absent)[:200]}", "take it out"
        )
    places = {name: n for n, name in enumerate(fields) if name != IGNORE}
    used = tuple((header[n], n) for n, name in enumerate(fields) if name != IGNORE)
    return Reader(mapping, places, used)


def _is(name: str) -> bool:
    return name in FIELDS or name in NAME_PARTS or bool(_NUMBERED.fullmatch(name))


def _missing(there: set[str], mapped: bool) -> list[str]:
    """Needed fields that no column and no constant gives."""
    has = {re.sub(r"\d+$", "", name) for name in there}
    if has & set(NAME_PARTS):
        has.add("name")
    if mapped and "country" in has:
        has.add("place")  # a register that knows countries alone
    return [name for name in REQUIRED if name not in has]


def _joined_name(found: Values) -> str:
    if words := found.get("last_first", ""):
        last, comma, first = words.partition(",")
        return f"{first.strip()} {last.strip()}".strip() if comma else words
    parts = (found.get("given_name", ""), found.get("family_name", ""))
    return " ".join(part for part in parts if part)


def read_day(mapping: Mapping, text: str) -> date | None:
    """The day that a cell says in the mapping's order; None where it says none."""
    text = _TIME.sub("", text.strip())
    try:
        if "%" in mapping.dates:
            return datetime.strptime(text, mapping.dates).date()  # noqa: DTZ007  (a local day)
        found = _DAY.fullmatch(text)
        if found is None:
            return date.fromisoformat(text)
        first, second, third = (int(part) for part in found.groups())
        if len(found[1]) == 4:  # no country writes the year first and then the day
            return date(first, second, third)
        if len(found[3]) != 4 or mapping.dates == "year first":
            return None
        return (
            date(third, second, first)
            if mapping.dates == "day first"
            else date(third, first, second)
        )
    except ValueError:
        return None


def how_days_are_written(mapping: Mapping) -> str:
    """An example for a fix."""
    examples = {"year first": "2026-06-15", "day first": "15.06.2026", "month first": "06/15/2026"}
    return f"write it as {examples.get(mapping.dates, mapping.dates)}"


def read_mapping(path: Path) -> Mapping:
    """A mapping file; Problem naming the key and the fix."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem("mapping", f"is no TOML: {error}"[:200], "mend the file") from error
    _only("mapping", value, ("file", "columns", "constants", "read"))
    file, read = _table(value, "file"), _table(value, "read")
    _only("file", file, ("encoding", "delimiter", "header_row"))
    _only("read", read, ("dates", "yes", "no"))
    columns = {
        column.strip().lower(): _target(f"columns.{column}", target)
        for column, target in _table(value, "columns").items()
    }
    if not columns:
        raise Problem("columns", "is empty", 'name the columns, for example "Surname" = "name"')
    _each_once(columns)
    constants = {
        name: _constant(f"constants.{name}", name, text)
        for name, text in _table(value, "constants").items()
    }
    return Mapping(
        columns=columns,
        constants=constants,
        dates=_dates(read.get("dates", "year first")),
        yes=_YES | _words("read.yes", read.get("yes", [])),
        no=_NO | _words("read.no", read.get("no", [])),
        layout=_layout(file),
    )


def _only(where: str, table: Named[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise Problem(f"{where}.{key}"[:80], "is unknown", f"use {', '.join(keys)}")


def _table(value: Named[str, Any], name: str) -> dict[str, Any]:
    table = value.get(name, {})
    if not isinstance(table, dict):
        raise Problem(name, "is no table", f"write [{name}] and its keys below it")
    return table


def _target(key: str, target: object) -> str:
    number = _NUMBERED.fullmatch(str(target))
    known = isinstance(target, str) and (_is(target) or target == IGNORE)
    if not known or (number and int(number[2]) > MOST_STAYS):
        raise Problem(
            key[:80],
            f"{str(target)[:40]!r} is no field",
            f"use {', '.join((*FIELDS, *NAME_PARTS))}, place1, arrive1, depart1, ... or {IGNORE}",
        )
    return str(target)


def _each_once(columns: Named[str, str]) -> None:
    seen: dict[str, str] = {}
    for column, target in columns.items():
        if target != IGNORE and target in seen:
            raise Problem(
                f"columns.{column}"[:80],
                f"is {target}, as {seen[target]!r} is",
                f'choose one and make the other "{IGNORE}"',
            )
        seen[target] = column


def _constant(key: str, name: str, text: object) -> str:
    if name not in FIELDS or name in ("name", "reference"):
        raise Problem(key[:80], "is no field that all can share", f"use {', '.join(FIELDS[1:])}")
    if not isinstance(text, str):
        raise Problem(key[:80], "is no text", 'put it in quotes, for example "IQ"')
    return text.strip()


def _dates(order: object) -> str:
    if isinstance(order, str) and (order in ORDERS or "%" in order):
        return order
    raise Problem(
        "read.dates", f"{str(order)[:40]!r} is unknown", f"use {', '.join(ORDERS)} or %d.%m.%Y"
    )


def _words(key: str, words: object) -> frozenset[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Problem(key, "is no list of words", 'write it as ["ja", "x"]')
    return frozenset(word.strip().lower() for word in words)


def _layout(file: Named[str, Any]) -> Layout:
    delimiter, row = file.get("delimiter", ","), file.get("header_row", 1)
    if delimiter not in DELIMITERS:
        raise Problem("file.delimiter", f"{str(delimiter)[:10]!r} is none", r"use , ; | or \t")
    if not isinstance(row, int) or isinstance(row, bool) or not 1 <= row <= 1000:
        raise Problem("file.header_row", f"{str(row)[:20]} is no row", "count from 1")
    return Layout(known_encoding(str(file.get("encoding", "utf-8"))), delimiter, row)
