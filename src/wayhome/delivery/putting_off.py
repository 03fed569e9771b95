"""What cannot go now goes later: after how long, in what slices, and when it is given up."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings

from wayhome.delivery import leasing, planning, sending_sql
from wayhome.delivery.leasing import Overtaken
from wayhome.delivery.models import Slice, SliceState
from wayhome.delivery.recording import Tried
from wayhome.delivery.types import DeliveryKey
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.db import writes

_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=15)
# What a relay may have taken comes twice if it goes again: less and less often.
_LONGEST_PAUSE_IN_DOUBT = timedelta(hours=12)
_TRIES_BEFORE_GIVING_UP = 5


@writes
def put_later(
    leased: Slice,
    later: dict[DeliveryKey, int],
    doubtful: set[DeliveryKey],
    not_before: dict[datetime, list[DeliveryKey]],
) -> None:
    """Passing failures go into new slices, each due after a pause that grows with the tries; what
    was put off for too long is given up."""
    if not later and not not_before:
        return
    moment, now = clock.now(), database_now()
    too_long_ago = moment - timedelta(hours=settings.WAYHOME_GIVE_UP_HOURS)
    given_up = {
        key
        for key, tries in later.items()
        if tries >= _TRIES_BEFORE_GIVING_UP and sending_sql.first_tried(key) <= too_long_ago
    }
    why = f"given up: put off for {settings.WAYHOME_GIVE_UP_HOURS} hours"
    try:
        leasing.record(leased, [Tried(key, "refused", why, "", "", moment) for key in given_up])
    except Overtaken:
        return  # whoever has it now tries them
    due: dict[datetime, list[DeliveryKey]] = defaultdict(list, not_before)
    for key, tries in later.items():
        if key not in given_up:
            due[now + _pause(tries, key in doubtful)].append(key)
    aside = leased.tries if is_aside(leased) else 0
    for moment, keys in sorted(due.items()):
        planning.cut(keys, leased.route, leased.lane, moment, tries=aside)


def is_aside(leased: Slice) -> bool:
    """Whether a slice is of one message alone at which its route was down before."""
    return leased.size == 1 and leased.tries > 0


@writes
def set_aside(leased: Slice, key: DeliveryKey, error: str) -> None:
    """A message at which the route was down goes into a slice of its own, due later each time."""
    mine = Slice.objects.select_for_update().filter(
        pk=leased.pk, token=leased.token, state=SliceState.OPEN
    )
    if not mine.exists():
        return  # whoever has it now tries it
    tries = leased.tries + 1 if leased.size == 1 else 1
    due = database_now() + _pause(tries, in_doubt=False)
    planning.cut([key], leased.route, leased.lane, due, tries=tries, last_error=error)
    if not sending_sql.count_in_slice(leased.pk):
        leasing.close(leased)


def _pause(tries: int, in_doubt: bool) -> timedelta:
    doublings: int = 2 ** min(tries - 1, 12)
    longest = _LONGEST_PAUSE_IN_DOUBT if in_doubt else _LONGEST_PAUSE
    return min(_FIRST_PAUSE * doublings, longest)
