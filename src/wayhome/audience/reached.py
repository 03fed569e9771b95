"""How many contact points an audience has, by channel and language."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wayhome.travellers.sql import channels_of
from wayhome.work import clock

IN_CHUNK = 900  # travellers in one query, within SQLite's limit on parameters


@dataclass(frozen=True)
class Ways:
    """Distinct contact points by kind and by language; travellers with at least one."""

    by_channel: dict[str, int]
    by_language: dict[str, int]
    reached: int


def ways_to(travellers: Sequence[int], *, verified_only: bool = False) -> Ways:
    """The ways to these travellers, counted; reads in chunks and writes nothing."""
    now = clock.now()
    points: dict[int, tuple[str, str]] = {}
    reached = 0
    for start in range(0, len(travellers), IN_CHUNK):
        chunk = list(travellers[start : start + IN_CHUNK])
        rows = channels_of(chunk, now, verified_only=verified_only)
        points.update((point, (kind, language)) for point, kind, language, _ in rows)
        reached += len({traveller for *_, traveller in rows})
    return Ways(
        by_channel=dict(sorted(Counter(kind for kind, _ in points.values()).items())),
        by_language=dict(sorted(Counter(language for _, language in points.values()).items())),
        reached=reached,
    )
