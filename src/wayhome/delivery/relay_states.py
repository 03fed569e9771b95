"""How each relay fares, for pages: up, resting until, its last error."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wayhome.delivery import relays
from wayhome.delivery.models import Relay
from wayhome.problems import Problem
from wayhome.work import clock


@dataclass(frozen=True)
class RelayState:
    """One relay of a route; ``rests_until``: in the instance's time, None while it is up."""

    name: str
    route: str
    is_files: bool
    rests_until: datetime | None
    last_error: str
    sent: int  # over its whole life

    @property
    def words(self) -> str:
        """One line: what may be expected of it."""
        if self.rests_until is not None:
            return f"down, tried again at {self.rests_until:%H:%M:%S} UTC"
        return "up" if self.sent else "not used yet"


def states(routes: Iterable[str]) -> list[RelayState]:
    """The relays that are set for these routes, as the workers left them."""
    of_route = [(route, name) for route in sorted(set(routes)) for name in _names(route)]
    rows = Relay.objects.in_bulk([name for _, name in of_route]) if of_route else {}
    real = clock.database_now()
    return [_state(route, name, rows.get(name), real) for route, name in of_route]


def _names(route: str) -> list[str]:
    try:
        return [way.name for way in relays.ways(route)]
    except Problem:
        return []  # the setting cannot be read; `wayhome check` says so


def _state(route: str, name: str, row: Relay | None, real: datetime) -> RelayState:
    rests = relays.rests_until(row, real) if row else None
    return RelayState(
        name=name,
        route=route,
        is_files=route == relays.FILES,
        rests_until=clock.now() + (rests - real) if rests else None,
        last_error=row.last_error if row else "",
        sent=row.sent if row else 0,
    )
