"""What was done to an officer's account, by whom: the one place where it is written down."""

import logging

from wayhome.officers import audit
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer

log = logging.getLogger("wayhome.officers.accounts")


def note(deed: Deed, of: Officer, *, by: Officer | None, why: str = "", loud: bool = False) -> None:
    """Write down what happened to the account ``of``, in the audit trail and in the log.

    ``by`` None: whoever runs the host, by a command. Never a secret, never more than who and what.
    Call it in the transaction of the deed.
    """
    audit.record(by, deed, "officer", of.pk, why)
    by_whom = f"by officer {by.pk}" if by is not None else "by a command on the host"
    level = logging.WARNING if loud else logging.INFO
    log.log(level, "officer %s: %s, %s", of.pk, deed.value, by_whom)
