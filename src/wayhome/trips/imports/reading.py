"""A file of comma-separated values, row by row; Problem where it cannot be read as a whole."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wayhome.problems import Problem

# What a spreadsheet takes for a formula at the beginning of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Columns of a file of faults, which are ours and not the list's.
OWN_COLUMNS = ("wayhome line", "wayhome field", "wayhome problem", "wayhome fix")
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Layout:
    """How a file is written: ``header_row`` counts from 1."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    header_row: int = 1


@dataclass(frozen=True)
class Row:
    """One record: the last of its lines in the file, and its cells as they came."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Header:
    """The columns of a file, and which of its cells are ours (a mended file of faults)."""

    names: list[str]
    own: frozenset[int]

    def without_own(self, cells: list[str]) -> list[str]:
        if not self.own:
            return cells
        return [cell for place, cell in enumerate(cells) if place not in self.own]


def known_encoding(name: str) -> str:
    """The name that Python has for an encoding; Problem where it has none."""
    try:
        found = codecs.lookup(name).name
    except LookupError as error:
        raise Problem(
            "file.encoding", f"{name[:40]!r} is unknown", "use utf-8, utf-16, cp1252 or the like"
        ) from error
    return "utf-8-sig" if found == "utf-8" else found


def header(path: Path, layout: Layout) -> Header:
    """The names of the columns as they are written."""
    row = next(_records(path, layout, layout.header_row), None)
    cells = [cell.strip() for cell in row.cells] if row else []
    own = frozenset(n for n, name in enumerate(cells) if name.lower() in OWN_COLUMNS)
    names = [name for n, name in enumerate(cells) if n not in own]
    return Header(names, own)


def rows(path: Path, layout: Layout, columns: Header) -> Iterator[Row]:
    """The records after the header, empty ones left out; values without spaces around them."""
    expected = len(columns.names) + len(columns.own)
    for row in _records(path, layout, layout.header_row + 1):
        if not any(cell.strip() for cell in row.cells):
            continue
        if len(row.cells) != expected:
            raise Problem(
                f"line {row.line}",
                f"has {len(row.cells)} values, the header names {expected}",
                "quote values that hold commas",
            )
        yield Row(row.line, columns.without_own(row.cells))


def neutral(cell: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before what would begin a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def plain(cell: str) -> str:
    """What a neutral cell says."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def _records(path: Path, layout: Layout, first: int) -> Iterator[Row]:
    """Records from the ``first`` (from 1) on, empty ones among them."""
    number = 0
    try:
        with path.open(encoding=layout.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=layout.delimiter, strict=True)
            for cells in reader:
                number += 1
                if number >= first:
                    yield Row(reader.line_num, cells)
    except csv.Error as error:
        raise Problem(f"line {reader.line_num}", f"is no CSV: {error}", "mend the file") from error
    except UnicodeError as error:
        name = "UTF-8" if layout.encoding == "utf-8-sig" else layout.encoding
        raise Problem(
            "file",
            f"is not {name} (byte {_first_bad_byte(path, layout.encoding)})",
            f"save it as {name}, or name its encoding in a mapping",
        ) from error


def _first_bad_byte(path: Path, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    with path.open("rb") as file:
        while chunk := file.read(65536):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return max(0, before - pending + error.start)
            except UnicodeError:
                return before
            before += len(chunk)
    return before


def guess(path: Path) -> Layout:
    """How a file seems to be written: by its first bytes and its first line."""
    with path.open("rb") as file:
        start = file.read(200_000)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
        try:
            codecs.getincrementaldecoder("utf-8")().decode(start)
        except UnicodeDecodeError:
            encoding = "cp1252"
    text = start.decode(encoding, "replace")
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    counts = {mark: max((line.count(mark) for line in lines), default=0) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: counts[mark])
    # Titles stand above a header in few cells; the header is the first full row.
    widest = counts[delimiter]
    row = 1
    for number, line in enumerate(text.splitlines()[:20], 1):
        if line.count(delimiter) >= max(1, widest * 2 // 3):
            row = number
            break
    return Layout(encoding, delimiter, row)
