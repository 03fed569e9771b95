"""Notices to officers about their own accounts leave as letters, by the same rules as all others.

They open nothing and name no traveller. Invitations are not among them: see ``officers``.
"""

from datetime import timedelta

from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.officers.account_models import OfficerNotice
from wayhome.travellers.models import ContactPoint
from wayhome.travellers.services import contact_point
from wayhome.work import clock
from wayhome.work.db import writes

LIFE = timedelta(days=3)


@writes
def mail(notice_id: int) -> None:
    """Owe the letter of a notice; twice is once."""
    notice = OfficerNotice.objects.select_related("officer").get(pk=notice_id)
    if not notice.officer.is_active:
        return
    point = contact_point(ContactPoint.Kind.MAIL, notice.officer.email)
    owe_letter(
        kind=Letter.Kind.NOTICE,
        contact_point_id=point.pk,
        subject="About your officer account",
        text=notice.words,
        language="en",
        expires_at=clock.now() + LIFE,
        once=f"officer notice {notice.pk}",
        officer_id=notice.officer_id,
    )
