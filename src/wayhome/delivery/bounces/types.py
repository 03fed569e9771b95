"""What a message that came back says, before anyone knows which delivery it is about."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["dsn", "arf", "text", "automatic", "other"]


@dataclass(frozen=True)
class Said:
    """One word about one recipient.

    ``word``: a ``Receipt.Word``. ``recipients``: whom the report names, folded; for most
    forwarded mail another than whom we wrote to. ``standard``: said in a field that a standard
    defines, not guessed from words for people.
    """

    word: str
    status: str = ""
    detail: str = ""
    recipients: frozenset[str] = frozenset()
    standard: bool = True


@dataclass(frozen=True)
class Read:
    """One message, read.

    ``identity``: the same for the same report however often it comes. ``addressed``: addresses
    that may be a return path of ours. ``message_id``: its own.
    """

    kind: Kind
    said: tuple[Said, ...] = ()
    identity: str = ""
    addressed: tuple[str, ...] = ()
    message_id: str = ""
