"""Counts of answers, and the sealed words for whoever may read them."""

from collections.abc import Iterable, Sequence

from django.db.models import Count, Q

from wayhome.officers.access import Access
from wayhome.replies.models import Reply, ReplyPrivate
from wayhome.travellers.sealing import unseal


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
    access.record("reply words", [reply.registration.traveller_id])
    private = ReplyPrivate.objects.filter(reply=reply).first()
    return unseal(private.key_id, bytes(private.sealed)) if private else ""


def words_of_many(access: Access, replies: Sequence[Reply]) -> dict[int, str]:
    """The same for several replies, by reply; those without words are left out."""
    access.record("reply words", [reply.registration.traveller_id for reply in replies])
    rows = ReplyPrivate.objects.filter(reply__in=[reply.pk for reply in replies])
    return {row.reply_id: unseal(row.key_id, bytes(row.sealed)) for row in rows}


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


def of_press(said_by_id: int, press: str) -> list[Reply]:
    """What one press of a button by this adult has recorded."""
    if not press.isalnum():  # typed into the address by hand
        return []
    rows = Reply.objects.filter(said_by_id=said_by_id, press=press)
    return list(rows.select_related("registration__traveller").order_by("pk"))
