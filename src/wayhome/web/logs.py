"""Keep the secrets of signed links out of logs."""

import logging
import re

_TOKEN = re.compile(r"(/(?:my|r|w|enrol/done)/)[^/\s?]+")


class HideLinks(logging.Filter):
    """Blot out the token in every address of a signed link that is about to be logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        words = record.getMessage()
        hidden = _TOKEN.sub(r"\1(hidden)", words)
        if hidden != words:
            record.msg, record.args = hidden, None
        return True
