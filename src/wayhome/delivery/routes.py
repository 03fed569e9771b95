"""Which relay carries a channel, how big its slices are, and how to open it."""

from email.utils import formataddr

from django.conf import settings

from wayhome.delivery.channels import files, smtp
from wayhome.delivery.models import Channel
from wayhome.delivery.types import RouteDown, Session

FILES, SMTP = "files", "smtp"
MOST_IN_SLICE = 500


def route_of(channel: str) -> str:
    """Mail goes to the relay where one is set; whatever has no relay goes to files."""
    return SMTP if channel == Channel.MAIL and settings.WAYHOME_SMTP_URL else FILES


def slice_size(route: str) -> int:
    """About one second of the route, at most 500 messages."""
    if route == FILES:
        return MOST_IN_SLICE
    return min(MOST_IN_SLICE, max(1, settings.WAYHOME_MAIL_RATE))


def open_route(route: str) -> Session:
    """Open the route that a slice was cut for; RouteDown where that relay is no longer set."""
    address = settings.WAYHOME_MAIL_FROM
    sender = formataddr((settings.WAYHOME_SENDER_NAME, address))
    if route == SMTP:
        if not settings.WAYHOME_SMTP_URL:
            raise RouteDown("WAYHOME_SMTP_URL is no longer set; set it again to send what is owed")
        return smtp.open_session(settings.WAYHOME_SMTP_URL, sender, address)
    return files.open_session(settings.WAYHOME_DATA_DIR / "outbox", sender)
