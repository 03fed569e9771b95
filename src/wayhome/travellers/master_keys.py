"""Master keys: what wraps each person's key. Several, each with a name; never in a database.

``WAYHOME_MASTER_KEYS`` holds ``name:base64`` words, the newest last; ``WAYHOME_MASTER_KEYS_FILE``
names a file of them, which is read again when it changes. With neither, the file ``master.keys``
in the data folder, made at first use and readable by its owner alone.
"""

import base64
import binascii
import os
import secrets
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from wayhome.problems import Problem
from wayhome.work import clock

KEY_OCTETS = 32
_NAME_LENGTH = 40


def held() -> dict[str, bytes]:
    """Every master key that this process holds, by name, the newest last."""
    if settings.WAYHOME_MASTER_KEYS:
        return _read(settings.WAYHOME_MASTER_KEYS)
    path = file()
    try:
        about = path.stat()
    except FileNotFoundError:
        if settings.WAYHOME_MASTER_KEYS_FILE:
            raise Problem(
                "WAYHOME_MASTER_KEYS_FILE", f"{path} is missing", "put it there"
            ) from None
        _make(path)
        about = path.stat()
    return _read_file(path, about.st_mtime_ns, about.st_size)


def file() -> Path:
    """The file of the keys, where they are not given in the environment itself."""
    named = settings.WAYHOME_MASTER_KEYS_FILE
    return Path(named) if named else Path(settings.WAYHOME_DATA_DIR) / "master.keys"


def fresh_word() -> str:
    """A new key as one word of the setting; its name begins with the day."""
    name = f"{clock.today():%Y%m%d}-{secrets.token_hex(3)}"
    return f"{name}:{base64.b64encode(os.urandom(KEY_OCTETS)).decode()}"


def add() -> str:
    """Add a key to the file, atomically; its name. It seals once ``rekeying.rotate`` was run."""
    if settings.WAYHOME_MASTER_KEYS:
        raise Problem(
            "WAYHOME_MASTER_KEYS", "is given in the environment", "add a word there by hand"
        )
    held()
    word = fresh_word()
    _write(file(), f"{file().read_text(encoding='ascii').rstrip()}\n{word}\n")
    return word.partition(":")[0]


def drop(name: str) -> None:
    """Take a key out of the file; ``rekeying.drop`` makes sure that nothing needs it."""
    kept = [word for word in file().read_text(encoding="ascii").split() if _name(word) != name]
    _write(file(), "\n".join(kept) + "\n")


def _name(word: str) -> str:
    return word.partition(":")[0]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())
    os.replace(fresh, path)


def _make(path: Path) -> None:
    """Of two processes that start at once one wins, and both read it."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    _write(fresh, fresh_word() + "\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


@lru_cache(maxsize=4)
def _read_file(path: Path, _changed: int, _size: int) -> dict[str, bytes]:
    return _read(path.read_text(encoding="ascii"))


def _read(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for word in text.split():
        name, _, coded = word.partition(":")
        try:
            key = base64.b64decode(coded, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(name) > _NAME_LENGTH or len(key) != KEY_OCTETS or name in keys:
            raise Problem(
                "WAYHOME_MASTER_KEYS",
                f"the key {name[:_NAME_LENGTH]!r} is none, or is there twice",
                "write name:base64 of 32 octets, blanks or line ends between them",
            )
        keys[name] = key
    if not keys:
        raise Problem("WAYHOME_MASTER_KEYS", "holds no key", "run `wayhome keys add`")
    return keys
