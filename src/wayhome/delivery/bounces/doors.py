"""What every door does with a message: take it, or keep it for a person, or say *come back*."""

import logging
import mailbox
import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError

from wayhome.delivery.bounces.intake import Taken, take

log = logging.getLogger(__name__)

# A bounce returns a message of ours, and ours are small; a door takes no more.
MOST_OCTETS = 10_000_000
_MOST_KEPT = 10_000


class Later(Exception):
    """It could not be written now: whoever has the message keeps it and comes again."""


def receive(raw: bytes, envelope_to: str) -> Taken:
    """Take a message; a fault of ours with one message keeps it for a person. Raises Later."""
    try:
        return take(raw, envelope_to)
    except DataError:
        log.exception("a message that came back")
    except (DatabaseError, InterfaceError) as error:
        raise Later(f"database: {str(error).strip()}") from error
    except Exception:
        log.exception("a message that came back")
    return Taken("kept", "a fault of Wayhome's, see its log")


def keep(raw: bytes) -> None:
    """Write it to the Maildir of what no rule knows, synced to disk. Raises Later."""
    try:
        for part in ("tmp", "new", "cur"):  # two doors may make them at once
            (kept_folder() / part).mkdir(parents=True, exist_ok=True)
        box = mailbox.Maildir(kept_folder(), create=False)
        with os.scandir(kept_folder() / "new") as entries:
            if sum(1 for _ in entries) >= _MOST_KEPT:
                raise Later(f"{_MOST_KEPT} messages wait to be read in {kept_folder()}")
        box.add(raw)
    except OSError as error:
        raise Later(f"{kept_folder()}: {error}") from error


def kept_folder() -> Path:
    """Where a person finds what no rule knows."""
    return Path(settings.WAYHOME_DATA_DIR) / "mail-kept"


def receive_or_keep(raw: bytes, envelope_to: str) -> Taken:
    """For doors that hand a message over for good. Raises Later."""
    taken = receive(raw, envelope_to)
    if taken.keep:
        keep(raw)
    return taken
