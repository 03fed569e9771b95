"""The lines that were refused, as they came, each with what is wrong: to be mended and imported."""

import csv
import os
from pathlib import Path

from wayhome.trips.imports.reading import OWN_COLUMNS, Layout, Row, neutral
from wayhome.trips.imports.understanding import Fault


class FaultsFile:
    """Written as the list is (encoding, delimiter, header row), so that its mapping serves.

    Only its owner may read it; no cell begins a formula.
    """

    def __init__(self, path: Path, header: list[str], layout: Layout) -> None:
        self._path = path
        self._any = False
        self._file = os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
            "w",
            encoding=layout.encoding,
            errors="replace",
            newline="",
        )
        self._writer = csv.writer(self._file, delimiter=layout.delimiter)
        for _ in range(layout.header_row - 1):
            self._file.write("\r\n")
        self._write([*header, *OWN_COLUMNS])

    def write(self, rows: list[Row], faults: list[Fault]) -> None:
        """All lines of a party, those without a fault of their own too: it is refused whole."""
        self._any = True
        by_line: dict[int, list[Fault]] = {}
        for fault in faults:
            by_line.setdefault(fault.line, []).append(fault)
        for row in rows:
            own = by_line.get(row.line, [])
            what = " / ".join(each.what for each in own) or "refused with its party"
            words = [" / ".join(each.name for each in own), what]
            self._write([*row.cells, str(row.line), *words, " / ".join(each.fix for each in own)])

    def close(self) -> None:
        """Without a fault there is no file."""
        self._file.close()
        if not self._any:
            self._path.unlink()

    def _write(self, cells: list[str]) -> None:
        self._writer.writerow([neutral(cell) for cell in cells])
