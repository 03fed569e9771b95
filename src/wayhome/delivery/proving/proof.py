"""Every rule over one snapshot of the whole history."""

from wayhome.delivery.canaries import canary_points
from wayhome.delivery.proving.addressing import Addressing
from wayhome.delivery.proving.books import Books
from wayhome.delivery.proving.covering import prove_covered, prove_followed
from wayhome.delivery.proving.joining import prove_joined
from wayhome.delivery.proving.reading import snapshot, spans
from wayhome.delivery.proving.report import Rule
from wayhome.delivery.proving.slices import prove_slices
from wayhome.delivery.proving.threads import prove_planned, prove_published, published
from wayhome.delivery.proving.timing import Timing
from wayhome.work import clock
from wayhome.work.db import know_tables


def prove() -> list[Rule]:
    """Look at everything; a rule that is kept has nothing broken. Writes nothing."""
    know_tables()
    with snapshot():
        now = clock.now()
        issues = list(published())
        books, addressing, timing = Books(), Addressing(canary_points()), Timing()
        for issue in (None, *issues):
            issue_id = issue.pk if issue else 0
            books.look(issue_id)
            addressing.look(issue, list(spans(issue_id)))
            timing.look(issue)
        books.look_for_strays({0, *(issue.pk for issue in issues)})
        return [
            *addressing.rules(),
            *books.rules(),
            prove_slices(clock.database_now()),
            prove_planned(issues, now),
            prove_covered(issues, now),
            prove_joined(issues, now),
            prove_published(),
            prove_followed(issues),
            timing.rule,
        ]
