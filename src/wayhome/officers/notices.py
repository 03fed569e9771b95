"""Tell an officer about their own account: by mail, and at their next sign-in."""

from wayhome.officers.account_models import OfficerNotice
from wayhome.officers.models import Officer
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.services import tell


@writes
def notify(officer: Officer, words: str) -> OfficerNotice:
    """Owe an officer these words; a higher room mails them (``officers.notified``)."""
    made = OfficerNotice.objects.create(officer=officer, words=words, made_at=database_now())
    tell("officers.notified", made.pk)
    return made


def unread(officer: Officer) -> list[OfficerNotice]:
    return list(
        OfficerNotice.objects.filter(officer=officer, read_at__isnull=True).order_by("pk")[:20]
    )


@writes
def mark_read(officer: Officer) -> None:
    """The officer says that they have read what they were shown."""
    OfficerNotice.objects.filter(officer=officer, read_at__isnull=True).update(
        read_at=database_now()
    )
