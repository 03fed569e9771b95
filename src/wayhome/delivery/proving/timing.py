"""Nothing late: what was replaced, stopped or had expired is not handed over any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from wayhome.delivery.models import DispatchStep
from wayhome.delivery.proving.reading import Span, rows, spans
from wayhome.delivery.proving.report import Rule, key_words
from wayhome.delivery.proving.threads import Published
from wayhome.work.db import Parameter, read_moment, stored

# A batch, the slowest answer of a relay, and the second in which a worker reads the clock again.
TOLERATED = timedelta(seconds=0.25 + 30 + 1)

_TAKEN = (
    "SELECT x.letter_id, x.contact_point_id, x.channel, x.n, x.at FROM attempt x"
    " WHERE {in_x} AND x.outcome = 'sent' AND x.at > %s{until} ORDER BY 1, 2, 3, 4"
)
_LETTERS = (
    "SELECT x.letter_id, x.contact_point_id, x.channel, x.n, x.at, l.expires_at"
    " FROM attempt x JOIN letter l ON l.id = x.letter_id"
    " WHERE {in_x} AND x.outcome = 'sent' AND x.at > l.expires_at ORDER BY 1, 2, 3, 4"
)


class Timing:
    """Looks at one issue after another."""

    def __init__(self) -> None:
        self.rule = Rule("4 in time", "nothing goes after it was replaced, stopped, or had expired")

    def look(self, issue: Published | None) -> None:
        """``issue`` None: letters."""
        for span in spans(issue.pk if issue else 0, "attempt"):
            self.rule.rows += rows(f"SELECT COUNT(*) FROM attempt x WHERE {span.of('x')}")[0][0]
            if issue is None:
                for row in rows(_LETTERS.format(in_x=span.of("x"))):
                    self._late(span, row, read_moment(row[5]), "it had expired")
                continue
            if issue.followed_at is not None:
                why = "a newer issue spoke"
                self._look(span, issue.followed_at, None, why)
            if issue.expires_at is not None:
                self._look(span, issue.expires_at, None, "it had expired")
            for stopped, resumed in _stops(issue.pk):
                self._look(span, stopped, resumed, "it was stopped")

    def _look(self, span: Span, since: datetime, until: datetime | None, why: str) -> None:
        parameters: list[Parameter] = [stored(since)]
        if until is not None:
            parameters.append(stored(until))
        statement = _TAKEN.format(
            in_x=span.of("x"), until=" AND x.at < %s" if until is not None else ""
        )
        for row in rows(statement, parameters):
            self._late(span, row, since, why)

    def _late(self, span: Span, row: Sequence[object], since: datetime, why: str) -> None:
        moment = row[4]
        assert isinstance(moment, datetime | str)
        late = read_moment(moment) - since
        if late > TOLERATED:
            self.rule.breaks(
                f"{key_words(span.key(row))}/{row[3]}",
                f"was taken {late.total_seconds():.2f} s after {why}",
            )
            return
        facts = self.rule.facts
        self.rule.counts(f"taken within a batch after {why}")
        longest = f"longest after {why}, seconds"
        facts[longest] = round(max(float(facts.get(longest, 0)), late.total_seconds()), 3)


def _stops(issue_id: int) -> list[tuple[datetime, datetime | None]]:
    """The times in which officers held an issue, in order."""
    found: list[tuple[datetime, datetime | None]] = []
    for step in DispatchStep.objects.filter(issue_id=issue_id).order_by("pk"):
        if step.did == DispatchStep.Did.STOPPED:
            found.append((step.at, None))
        elif found:
            found[-1] = (found[-1][0], step.at)
    return found
