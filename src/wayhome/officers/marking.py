"""Files that leave the house: marked with who took them, when, why, how many rows, until when."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

KEPT_FOR = timedelta(days=7)
_LINES_AT_ONCE = 200
# A spreadsheet takes a cell that begins like this for a formula and runs it, in full-width signs
# and behind a blank too.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True)
class Mark:
    """``number``: of the row of the audit trail that says the same."""

    number: int
    what: str
    officer_id: int
    officer: str
    purpose: str
    at: datetime
    rows: int

    @property
    def delete_by(self) -> date:
        return (self.at + KEPT_FOR).date()

    @property
    def file_name(self) -> str:
        day = f"{self.at:%Y-%m-%d}"
        return (
            f"wayhome-export-{self.number}-{day}-by-officer-{self.officer_id}-{self.rows}-rows"
            f"-delete-by-{self.delete_by.isoformat()}.csv"
        )

    def head(self) -> list[list[str]]:
        return [
            [f"# Wayhome export {self.number}: {self.what}"],
            [f"# Taken by {self.officer} on {self.at:%Y-%m-%d at %H:%M} UTC"],
            [f"# Purpose: {self.purpose}"],
            [f"# Rows: {self.rows}, and no hidden ones; each person was recorded as looked at"],
            [f"# Delete by {self.delete_by.isoformat()}. Give it to nobody without need"],
        ]


def neutral(value: object) -> str:
    """A cell that no spreadsheet runs: what looks like a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def csv_lines(
    mark: Mark, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Iterator[str]:
    """The file, piece by piece: the mark, the columns, the rows, and a last line that repeats how
    many they are, so that a file that broke off is known for one."""
    out = io.StringIO()
    writer = csv.writer(out)

    def piece() -> str:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    out.write("\ufeff")  # or spreadsheets read every script but the Latin one as rubbish
    writer.writerows([[neutral(cell) for cell in line] for line in mark.head()])
    writer.writerow(columns)
    yield piece()
    written = 0
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
        written += 1
        if written % _LINES_AT_ONCE == 0:
            yield piece()
    writer.writerow([f"# End of export {mark.number}: {written} rows"])
    yield piece()
