"""What is wrong with how bounces are to come back, and what waits for a person."""

import os

from django.conf import settings

from wayhome.delivery import return_path
from wayhome.delivery.bounces import doors, lmtp, maildir
from wayhome.problems import Problem


def faults() -> list[str]:
    """One line for each setting that does not serve."""
    found = [return_path.fault(), maildir.fault()]
    if settings.WAYHOME_BOUNCE_LMTP:
        try:
            lmtp.address_of(settings.WAYHOME_BOUNCE_LMTP)
        except Problem as problem:
            found.append(str(problem))
    return [each for each in found if each]


def count_kept() -> int:
    """Messages that no rule knows and nobody has looked at, on this host."""
    new = doors.kept_folder() / "new"
    return len(os.listdir(new)) if new.is_dir() else 0
