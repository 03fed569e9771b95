"""What is wrong with how bounces are to come back; for ``wayhome check``."""

import os

from django.conf import settings

from wayhome.delivery import return_path
from wayhome.delivery.bounces import doors, lmtp, maildir
from wayhome.problems import Problem


def faults() -> list[str]:
    """One line for each setting that does not serve, and for mail that waits for a person."""
    found = [return_path.fault(), maildir.fault()]
    if settings.WAYHOME_BOUNCE_LMTP:
        try:
            lmtp.address_of(settings.WAYHOME_BOUNCE_LMTP)
        except Problem as problem:
            found.append(str(problem))
    if waiting := _waiting():
        found.append(f"mail: {waiting} messages that no rule knows wait in {doors.kept_folder()}")
    return [each for each in found if each]


def _waiting() -> int:
    new = doors.kept_folder() / "new"
    return len(os.listdir(new)) if new.is_dir() else 0
