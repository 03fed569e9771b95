"""Counts of answers, and the sealed words for whoever may read them."""

from collections.abc import Iterable, Sequence

from django.db.models import Count, Q, QuerySet

from wayhome.officers.access import Access
from wayhome.replies.models import PLACE, Reply, ReplyPrivate
from wayhome.travellers.sealing import Sealed, unseal_many
from wayhome.travellers.seeing import seen_by


def answered_by_kind(issue_ids: list[int]) -> dict[str, int]:
    """How many replies of each kind these issues have."""
    rows = (
        Reply.objects.filter(issue_id__in=issue_ids)
        .values("answer")
        .annotate(n=Count("pk"))
        .order_by("answer")
        .values_list("answer", "n")
    )
    return dict(rows)


def answered_people(issue_ids: list[int]) -> int:
    """How many people have answered these issues at all."""
    rows = Reply.objects.filter(issue_id__in=issue_ids)
    return rows.values("registration__traveller_id").distinct().count()


def words_of(access: Access, reply: Reply) -> str:
    """The person's own words with a reply, or an empty string; the look is recorded."""
    return words_of_many(access, [reply]).get(reply.pk, "")


def words_of_many(access: Access, replies: Sequence[Reply]) -> dict[int, str]:
    """The same for several replies, by reply; those without words are left out."""
    shown = Reply.objects.filter(
        seen_by(access, "registration"), pk__in=[reply.pk for reply in replies]
    )
    access.record("reply words", shown.values_list("registration__traveller_id", flat=True))
    return _words(shown)


def _words(replies: QuerySet[Reply]) -> dict[int, str]:
    rows = list(ReplyPrivate.objects.filter(reply__in=replies.values("pk")))
    said = unseal_many(Sealed(row.key_id, bytes(row.sealed), PLACE, row.reply_id) for row in rows)
    return {row.reply_id: words for row, words in zip(rows, said, strict=True)}


def own_replies(
    speaker_id: int | None, registration_ids: Iterable[int], limit: int = 50
) -> list[Reply]:
    """What this adult answered and what was recorded for these registrations, newest first;
    without the adult, for these registrations alone."""
    chosen = Q(registration_id__in=list(registration_ids))
    if speaker_id is not None:
        chosen |= Q(said_by_id=speaker_id)
    rows = Reply.objects.filter(chosen)
    return list(rows.select_related("registration__traveller").order_by("-said_at", "-pk")[:limit])


def own_words(reply_ids: Iterable[int]) -> dict[int, str]:
    """Words with these replies, by reply, for whoever wrote them."""
    return _words(Reply.objects.filter(pk__in=list(reply_ids)))


def of_press(said_by_id: int, press: str) -> list[Reply]:
    """What one press of a button by this adult has recorded."""
    if not press.isalnum():  # typed into the address by hand
        return []
    rows = Reply.objects.filter(said_by_id=said_by_id, press=press)
    return list(rows.select_related("registration__traveller").order_by("pk"))
