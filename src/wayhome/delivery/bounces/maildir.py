"""A Maildir as a door: files of ``new/`` are taken and then moved to ``cur/``.

A file moves only after its receipts have committed: a worker killed in between takes it again,
and finds it known. Two workers may meet over one file; the second finds it known, and moved.
What no rule knows is moved too, flagged, for a person to read; nothing is deleted.
"""

import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings

from wayhome.delivery.bounces import doors
from wayhome.work.registry import source

log = logging.getLogger(__name__)

_AT_ONCE = 50
_SEEN, _SEEN_AND_FLAGGED = ":2,S", ":2,FS"
_passed_over: set[str] = set()  # files that cannot be read; said once, tried at the next start


@source("delivery.bounces")
def take_some() -> bool:
    """Take up to so many files; False where there are none."""
    if not settings.WAYHOME_BOUNCE_MAILDIR:
        return False
    folder = Path(settings.WAYHOME_BOUNCE_MAILDIR)
    names = list(islice(_waiting(folder / "new"), _AT_ONCE))
    for name in names:
        _take(folder, name)
    return bool(names)


def fault() -> str:
    """What is wrong with WAYHOME_BOUNCE_MAILDIR, or empty."""
    folder = settings.WAYHOME_BOUNCE_MAILDIR
    if folder and not all((Path(folder) / part).is_dir() for part in ("new", "cur")):
        return f"WAYHOME_BOUNCE_MAILDIR: {folder} is no Maildir; it lacks new/ or cur/"
    return ""


def _waiting(new: Path) -> Iterator[str]:
    try:
        entries = os.scandir(new)
    except OSError as error:
        _pass_over(str(new), error)
        return
    with entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.name not in _passed_over:
                yield entry.name


def _take(folder: Path, name: str) -> None:
    path = folder / "new" / name
    try:
        with path.open("rb") as file:
            raw = file.read(doors.MOST_OCTETS)
    except FileNotFoundError:
        return  # another worker has moved it
    except OSError as error:
        _pass_over(name, error)
        return
    try:
        taken = doors.receive(raw, "")
    except doors.Later as error:
        # The worker waits for its database, and every file stays where it is.
        raise error.__cause__ or error from None
    flags = _SEEN_AND_FLAGGED if taken.keep else _SEEN
    try:
        path.rename(folder / "cur" / f"{name.partition(':2,')[0]}{flags}")
    except FileNotFoundError as error:
        if path.exists():  # it is ``cur/`` that is missing
            _pass_over(name, error)
    except OSError as error:
        _pass_over(name, error)


def _pass_over(name: str, error: OSError) -> None:
    if name not in _passed_over:
        _passed_over.add(name)
        log.error("WAYHOME_BOUNCE_MAILDIR: %s: %s", name, error)
