"""What a person answered, for that person."""

from collections.abc import Iterable

from wayhome.replies.queries import own_replies, own_words
from wayhome.trips.exporting import Asked, Fact, own_part

MOST = 5_000


@own_part("answers")
def answers(asked: Asked) -> Iterable[Fact]:
    """Answers of theirs and about them; words are shown to whoever wrote them."""
    speaker = asked.registration.traveller_id
    rows = own_replies(speaker if asked.whole else None, asked.ids, limit=MOST)
    words = own_words([row.pk for row in rows if row.said_by_id == speaker])
    for each in reversed(rows):
        yield {
            "answer": each.answer,
            "registration": each.registration_id,
            "issue": each.issue_id,
            "by": each.channel,
            "device": each.device if each.said_by_id == speaker else "",
            "words": words.get(each.pk, ""),
            "said_at": each.said_at,
        }
