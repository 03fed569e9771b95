"""An RFC 5322 message of one addressee."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from wayhome.delivery.types import Outgoing
from wayhome.work import clock


def build(message: Outgoing, sender: str) -> bytes:
    """The message as bytes with CRLF line ends; ``To`` holds its one address, nothing else does."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.message_id}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text, cte="quoted-printable")
    return mail.as_bytes()
