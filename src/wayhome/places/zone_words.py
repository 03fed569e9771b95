"""Offsets from UTC as people write them."""

import re

_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+\-\u2212])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_MOST_HOURS = 14


def read_offset(text: str) -> int | None:
    """Minutes east of UTC of "+03:00", "UTC+3", "-0530" or "UTC"; None for anything else."""
    text = text.strip()
    if text.upper() in ("UTC", "GMT", "Z"):
        return 0
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > _MOST_HOURS or minutes > 59:
        return None
    return (hours * 60 + minutes) * (1 if match[1] == "+" else -1)
