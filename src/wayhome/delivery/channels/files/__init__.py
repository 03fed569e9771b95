"""The default: every message becomes a file, so that nothing leaves by accident.

Files are named by Message-ID: handing a message over twice leaves one file.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from wayhome.delivery.channels.mail import build
from wayhome.delivery.types import Outcome, Outgoing, RouteDown, Session
from wayhome.problems import Problem


class _Files:
    def __init__(self, outbox: Path, sender: str) -> None:
        self._outbox = outbox
        self._sender = sender

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome]:
        for message in messages:
            if still_goes():
                yield self._write(message)

    def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, message: Outgoing) -> Outcome:
        folder = self._outbox / message.folder
        name = message.message_id.split("@")[0]
        fresh = folder / f".{name}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(build(message, self._sender))
                file.flush()
                os.fsync(file.fileno())  # what is recorded as sent survives a power cut
            os.replace(fresh, folder / f"{name}.eml")
        except Problem as problem:  # its address is none
            return Outcome("refused", str(problem)[:300])
        except OSError as error:
            raise RouteDown(f"outbox: {error.strerror}: {folder}") from error
        return Outcome("sent", "file")


def open_session(outbox: Path, sender: str) -> Session:
    """Write into ``outbox``, each message into the folder that it names."""
    return _Files(outbox, sender)
