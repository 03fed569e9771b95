"""What an error may say where it is kept or logged: never the values that a database quotes."""

import re

# PostgreSQL appends the row, the line of a COPY or the statement that it could not take. All that
# follows is hidden, up to where Python goes on: a value may hold any words and lines of its own.
_APPENDED = re.compile(
    r"\b(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*?"
    r"(?=^[\s|]*(?:The above exception was|During handling of the above|Traceback \(most)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_QUOTED = re.compile(r'((?:invalid|malformed|out of range)[^"\n]*: )"[^\n]*')


def without_values(words: str) -> str:
    """The words of an error or of a whole traceback, without the values it quotes."""
    return _QUOTED.sub(r"\1(hidden)", _APPENDED.sub(r"\1: (hidden)\n", words))
