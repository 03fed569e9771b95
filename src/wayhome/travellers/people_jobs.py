"""Jobs about who is who: compare new records, follow joins, mend what names are found by."""

import time

from wayhome.travellers import comparing, likeness, searching
from wayhome.work.registry import job
from wayhome.work.services import keep_lease

DAY = 86_400
SECONDS = 3


@job("travellers.compare", every=10)
def compare(_key: str) -> None:
    """A few seconds of it at a time: other work comes between."""
    until = time.monotonic() + SECONDS

    def more() -> bool:
        keep_lease()
        return time.monotonic() < until

    comparing.compare_asked(likeness.compare, more)


@job("travellers.follow_join", on=("travellers.joined", "travellers.parted"))
def follow_join(key: str) -> None:
    likeness.follow(int(key))


@job("travellers.mend_search", every=DAY)
def mend_search(_key: str) -> None:
    searching.mend(keep_lease)
    searching.forget_deleted(keep_lease)
