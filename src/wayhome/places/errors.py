"""The one error of this room."""

from collections.abc import Sequence

from wayhome.problems import Problem


class PlaceError(Problem):
    """Something about a place that cannot be used as given.

    ``field`` names the input, ``problem`` says what is wrong with it, ``fix`` what to do about
    it. When several places fit, ``candidates`` holds one line for each, and ``words`` is what
    each of them can stand for in the text that was read.
    """

    def __init__(
        self, field: str, problem: str, fix: str, candidates: Sequence[str] = (), words: str = ""
    ) -> None:
        super().__init__(field, problem, fix)
        self.candidates = tuple(candidates)
        self.words = words
