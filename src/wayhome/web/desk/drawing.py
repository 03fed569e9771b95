"""Pictures for pages: the region drawn, and counts over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString, mark_safe

from wayhome.musters.models import RollState
from wayhome.places.drawing import svg
from wayhome.places.region import AnyRegion

WIDTH, HEIGHT = 720, 220
_MARGIN = 6
_OTHERS = "all others"
# In the order in which they are told: the silent first.
SHOWN = (RollState.SILENT.value, RollState.NEEDS_HELP.value, RollState.SAFE.value, _OTHERS)


def map_of(region: AnyRegion) -> SafeString:
    """The region drawn. ``places.drawing`` makes the picture and escapes every name in it."""
    return mark_safe(svg(region))


@dataclass(frozen=True)
class Series:
    state: str
    points: str  # of a polyline


@dataclass(frozen=True)
class Chart:
    """Counts by state over time, with the table that says the same."""

    series: list[Series]
    states: tuple[str, ...]
    rows: list[tuple[datetime, list[int]]]
    highest: int
    first: datetime
    last: datetime


def chart(counted: Sequence[tuple[datetime, dict[str, int]]]) -> Chart | None:
    """A line for each state that is told; None where nothing happened yet."""
    if len(counted) < 2:
        return None
    rows = [(moment, _told(counts)) for moment, counts in counted]
    highest = max(max(values) for _, values in rows) or 1
    across, high = WIDTH / (len(rows) - 1), HEIGHT - 2 * _MARGIN
    series = [
        Series(
            state,
            " ".join(
                f"{across * n:.1f},{_MARGIN + high * (1 - values[at] / highest):.1f}"
                for n, (_, values) in enumerate(rows)
            ),
        )
        for at, state in enumerate(SHOWN)
    ]
    return Chart(series, SHOWN, rows, highest, rows[0][0], rows[-1][0])


def _told(counts: dict[str, int]) -> list[int]:
    named = [counts.get(state, 0) for state in SHOWN[:-1]]
    return [*named, sum(counts.values()) - sum(named)]
