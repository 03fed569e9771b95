"""What an erasure and the passing of time leave of replies: that there was one, and which."""

from datetime import datetime

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from wayhome.replies.models import Reply, ReplyPrivate
from wayhome.travellers.erasers import Subject, eraser
from wayhome.travellers.retention import CHUNK, Chunk, free_registrations, page, rule
from wayhome.work.db import writes

# A press is a hash of the words too; what stands instead is as unique.
_PRESS = Concat(Value("erased-"), Cast(F("pk"), CharField(max_length=20)))


@eraser("replies")
@writes
def erase(subject: Subject) -> dict[str, int]:
    replies = Reply.objects.filter(registration__in=subject.registrations)
    words = ReplyPrivate.objects.filter(reply__in=replies).delete()[0]
    n = replies.update(device="", press=_PRESS, contact_point_id=None)
    return {"reply_private": words, "reply": n}


@rule(
    "reply words",
    "replies",
    "WAYHOME_RETAIN_WORDS_DAYS",
    "the words with an answer, and what device it came from",
)
@writes
def old_words(before: datetime, after: int, dry: bool) -> Chunk:
    rows = Reply.objects.filter(pk__gt=after, said_at__lt=before)
    rows = rows.exclude(device="", private__isnull=True)
    pairs = list(rows.order_by("pk").values_list("pk", "registration_id")[:CHUNK])
    free = free_registrations(registration for _, registration in pairs)
    gone = [number for number, registration in pairs if registration in free]
    if not dry:
        ReplyPrivate.objects.filter(reply__in=gone).delete()
        Reply.objects.filter(pk__in=gone).update(device="", press=_PRESS)
    return Chunk(len(gone), page([number for number, _ in pairs]))
