"""Keep the secrets of signed links, and what people said, out of logs."""

import logging
import re

from wayhome.work.errors import without_values

# What follows the pages that a link opens, whoever typed it and however; and whatever ends in a
# signature, wherever it stands.
_OPENED = re.compile(
    r"(/(?:my|r|w|v|still|enrol/done|enrol/kept|desk/invited)(?:/|%2F)+)[^/?\n]+", re.IGNORECASE
)
_SIGNED = re.compile(r"[\w.=%-]*:[\w-]{43}(?![\w-])")


def without_links(words: str) -> str:
    """These words without the tokens of signed links."""
    return _SIGNED.sub("(hidden)", _OPENED.sub(r"\1(hidden)", words))


class HideLinks(logging.Filter):
    """Blot out the token in every address of a signed link that is about to be logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        words = record.getMessage()
        hidden = without_links(words)
        if hidden != words:
            record.msg, record.args = hidden, None
        return True


class Line(logging.Formatter):
    """A line, with its traceback, that quotes no value out of the database and no link."""

    def format(self, record: logging.LogRecord) -> str:
        return without_links(without_values(super().format(record)))
