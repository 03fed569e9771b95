"""Personal data in files of a worker's host: messages that became files, mail kept for a person to
read, bounces that were taken. Each worker deletes them on its own host, on time and by erasure.

It also keeps this host's list of tombstones whole, whichever host carried an erasure out.
"""

import logging
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from wayhome.delivery import erasing_sql
from wayhome.delivery.bounces import doors
from wayhome.delivery.models import ForgottenFiles
from wayhome.delivery.rendering import message_id
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers import erasure, tombstones
from wayhome.work.registry import service

log = logging.getLogger(__name__)

EVERY_SECONDS = 300
_DAY = 24 * 3600
_AT_ONCE = 100


@service("delivery.host_files")
def serve(stop: threading.Event) -> None:
    while not stop.is_set():
        sweep()
        stop.wait(EVERY_SECONDS)


def sweep() -> int:
    """Delete here what was erased since the last sweep and what is too old; how many files."""
    gone = _forget_erased() + delete_old()
    _complete_tombstones()
    return gone


def forget_outbox(keys: Iterable[DeliveryKey]) -> int:
    """Delete the files of these deliveries."""
    outbox = Path(settings.WAYHOME_DATA_DIR) / "outbox"
    folders = [path for path in outbox.glob("*") if path.is_dir()] if outbox.is_dir() else []
    gone = 0
    for key in keys if folders else ():
        name = message_id(*key).split("@")[0]
        for folder in folders:
            gone += _delete(folder / f"{name}.eml")
            gone += sum(_delete(path) for path in folder.glob(f".{name}.*"))
    return gone


def forget_kept(addresses: Iterable[str]) -> int:
    """Delete mail kept on this host that speaks of these addresses. On other hosts it goes with
    its time: nobody keeps the address to look for it there."""
    wanted = [address.encode().lower() for address in addresses if address]
    gone = 0
    for folder in _kept_folders() if wanted else ():
        for path in folder.glob("*"):
            try:
                text = path.read_bytes().lower()
            except OSError:
                continue  # a folder, or read and moved by a person
            if any(address in text for address in wanted):
                gone += _delete(path)
    return gone


def delete_old() -> int:
    """Delete files of mail older than WAYHOME_RETAIN_MAIL_DAYS; by this host's clock, as theirs
    are."""
    if settings.WAYHOME_RETAIN_MAIL_DAYS <= 0:
        return 0
    before = time.time() - settings.WAYHOME_RETAIN_MAIL_DAYS * _DAY
    gone = 0
    for folder in (*_kept_folders(), *_outbox_folders()):
        for path in folder.glob("*"):
            try:
                is_old = path.is_file() and path.stat().st_mtime < before
            except OSError:
                continue
            gone += _delete(path) if is_old else 0
    return gone


def _kept_folders() -> list[Path]:
    folders = [doors.kept_folder() / part for part in ("new", "cur", "tmp")]
    if settings.WAYHOME_BOUNCE_MAILDIR:
        folders.append(Path(settings.WAYHOME_BOUNCE_MAILDIR) / "cur")  # taken already
    return [folder for folder in folders if folder.is_dir()]


def _outbox_folders() -> list[Path]:
    outbox = Path(settings.WAYHOME_DATA_DIR) / "outbox"
    return [path for path in outbox.glob("*") if path.is_dir()] if outbox.is_dir() else []


def _forget_erased() -> int:
    file = Path(settings.WAYHOME_DATA_DIR) / "files-forgotten"
    try:
        after = int(file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        after = 0
    gone = 0
    while rows := list(ForgottenFiles.objects.filter(pk__gt=after).order_by("pk")[:_AT_ONCE]):
        for row in rows:
            gone += forget_outbox(erasing_sql.keys_of(row.contact_point_id))
        after = rows[-1].pk
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(after), encoding="ascii")
    return gone


def _complete_tombstones() -> None:
    for part in erasure.begun_in_parts():
        tombstones.append(erasure.stone_of(each) for each in part)


def _delete(path: Path) -> int:
    try:
        path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        log.error("%s: %s", path, error.strerror)
        return 0
    return 1
