"""A relay's answers, read from a stream that may be cut at any byte (RFC 5321 §4.2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# RFC 5321 allows 512 octets a line; extensions and real relays send longer ones.
_LONGEST_LINE = 4096
_MOST_LINES = 128
_MOST_WORDS = 300

# RFC 2034: the status begins the text. qmail wrote it in brackets behind it: (#5.1.1).
_STATUS = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_STATUS_BEHIND = re.compile(rb"\(#([245]\.\d{1,3}\.\d{1,3})\)")

# One line, of an ordinary length, that has come whole.
_USUAL = re.compile(rb"([2-5][0-9]{2}) ([^\r\n]{0,500})\r\n")
_IN_BRACKETS = re.compile(r"<[^<>]*>?")


class MalformedReply(Exception):
    """What came is no SMTP reply; nothing that follows it can be trusted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code and the text of each line."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def words(self) -> str:
        """Code and text in one line, without anything that could break a log or a page."""
        text = " ".join(b" ".join(self.lines).decode("utf-8", "replace").split())
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else "?" for sign in text)
        return f"{self.code} {text}".rstrip()[:_MOST_WORDS]

    def words_without(self, addresses: Iterable[str]) -> str:
        """The words without the addresses given, and without whatever stands in brackets."""
        words = _IN_BRACKETS.sub("<>", self.words)
        for address in addresses:
            words = re.sub(re.escape(address), "<>", words, flags=re.IGNORECASE)
        return words

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 3463) where there is one that fits the code, or empty."""
        first = self.lines[0]
        found = _STATUS.match(first) or _STATUS_BEHIND.search(b" ".join(self.lines))
        if found is None or found[1][0] - ord("0") != self.code // 100:
            return ""
        return found[1].decode("ascii")


class ReplyBuffer:
    """Bytes in, replies out."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data

    def __bool__(self) -> bool:
        """Whether bytes are left that no reply has taken."""
        return bool(self._data)

    def take(self) -> Reply | None:
        """The next whole reply; None where more bytes are needed; MalformedReply."""
        usual = _USUAL.match(self._data)
        if usual is not None:
            self._data = self._data[usual.end() :]
            return Reply(int(usual[1]), (usual[2],))
        return self._take_unusual()

    def _take_unusual(self) -> Reply | None:
        """Of several lines, not yet whole, or malformed."""
        data, at, code = self._data, 0, 0
        lines: list[bytes] = []
        while True:
            end = data.find(b"\n", at)
            if (end if end >= 0 else len(data)) - at > _LONGEST_LINE:
                raise MalformedReply("a line of its reply is too long")
            if end < 0:
                return None
            line_code, more, text = _read_line(data[at:end])
            if code and line_code != code:
                raise MalformedReply("the lines of its reply have different codes")
            code, at = line_code, end + 1
            lines.append(text)
            if not more:
                self._data = data[at:]
                return Reply(code, tuple(lines))
            if len(lines) >= _MOST_LINES:
                raise MalformedReply("its reply has too many lines")


def _read_line(line: bytes) -> tuple[int, bool, bytes]:
    """Code, whether more lines follow, text."""
    if line.endswith(b"\r"):
        line = line[:-1]
    code, mark = line[:3], line[3:4]
    if not (len(code) == 3 and code.isdigit() and b"200" <= code < b"600" and mark in b"- "):
        raise MalformedReply("it sent something that is no SMTP reply")
    return int(code), mark == b"-", line[4:]
