"""Rotate the master key: wrap every person's key again, while the system runs."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from wayhome.problems import Problem
from wayhome.travellers import key_store, master_keys, sealing
from wayhome.travellers.privacy_models import KeyStoreMark

CHUNK = 200


@dataclass(frozen=True)
class MasterLine:
    """One master key: how many keys it wraps, whether it is held here, whether new ones too."""

    name: str
    wraps: int
    held: bool
    in_use: bool

    @property
    def may_go(self) -> bool:
        return not self.wraps and not self.in_use


def masters() -> list[MasterLine]:
    """Every master key that is held here or still wraps something, the oldest first."""
    held, counts, in_use = master_keys.held(), key_store.counts(), sealing.master_in_use()
    names = [*(name for name in counts if name not in held), *held]
    return [MasterLine(name, counts.get(name, 0), name in held, name == in_use) for name in names]


def rotate(tell: Callable[[int], None] = lambda n: None) -> int:
    """Let the newest master key held here wrap new keys from now on, and wrap all others by it;
    returns how many. Killed half-way, it goes on where it was when it is run again."""
    sealing.check_store()
    newest = list(master_keys.held())[-1]
    key_store.say("master", newest)
    done = after = 0
    while keys := key_store.wrapped_by_another(newest, after, CHUNK):
        for key in keys:
            done += sealing.wrap_again(key, newest)
        after = keys[-1].id
        tell(done)
    if key_store.counts().keys() - {newest}:
        # A process that made a key by the former one this instant.
        return done + rotate(tell)
    return done


def drop(name: str) -> None:
    """Take a master key out of the file; Problem while anything is wrapped by it."""
    line = next((line for line in masters() if line.name == name), None)
    if line is None:
        raise Problem("name", f"{name!r} is no master key", "list them with `wayhome keys status`")
    if line.in_use:
        raise Problem("name", f"{name} wraps new keys", "add another and run `wayhome keys rotate`")
    if line.wraps:
        raise Problem(
            "name", f"{name} still wraps {line.wraps} keys", "run `wayhome keys rotate` to its end"
        )
    master_keys.drop(name)


def faults() -> list[str]:
    """One line for each thing that keeps sealed data shut on this host, or its keys too near."""
    if _is_main_database(settings.WAYHOME_KEYS_URL):
        return ["WAYHOME_KEYS_URL: is the main database, whose backups would hold the keys"]
    if not KeyStoreMark.objects.exists():
        return []  # nothing was sealed yet
    try:
        sealing.check_store()
        missing = [line for line in masters() if line.wraps and not line.held]
    except sealing.WrongKeys as error:
        return [str(error)]
    return [
        f"WAYHOME_MASTER_KEYS: {line.name} wraps {line.wraps} people's keys and is not held here"
        for line in missing
    ]


def _is_main_database(url: str) -> bool:
    main = settings.DATABASES["default"]
    where = urlsplit(url)
    return bool(url) and (where.path.lstrip("/"), where.hostname or "") == (
        str(main.get("NAME")),
        str(main.get("HOST") or ""),
    )
