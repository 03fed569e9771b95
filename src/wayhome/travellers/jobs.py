"""Jobs of this room: codes, telling people who entered them, what time undoes, and erasing."""

from collections.abc import Callable, Iterable

from wayhome.travellers import codes, erasure, expiring, marks, retention, telling
from wayhome.work.db import writes
from wayhome.work.registry import batch_job, job

MINUTE = 60
HOUR = 60 * MINUTE


@batch_job(codes.JOB, batch=50)
def send_code(keys: list[str]) -> None:
    _each(codes.send, keys)


@batch_job(telling.JOB, batch=50, on=("travellers.entered_by_other",))
def tell(keys: list[str]) -> None:
    _each(lambda key: telling.tell_entered(int(key)), keys)


@job("travellers.forget_marks", every=HOUR)
def forget_marks(_key: str) -> None:
    marks.forget()


@job("travellers.expire_verified", every=6 * HOUR)
def expire_verified(_key: str) -> None:
    """Addresses verified long ago are asked for again, and then verified no longer."""
    expiring.ask_again()
    expiring.expire()


@writes
def _each(do: Callable[[str], None], keys: Iterable[str]) -> None:
    """One transaction for a batch; one that fails comes back key by key."""
    for key in keys:
        do(key)


@job(erasure.JOB)
def erase(key: str) -> None:
    erasure.carry_out(int(key))


@job("travellers.released", on=("musters.released", "travellers.hold_lifted"))
def released(_key: str) -> None:
    """A muster was closed or a hold lifted: what people asked meanwhile may be done now."""
    erasure.retry_kept()
    retention.start_again()


@job("travellers.retry_kept", every=15 * MINUTE)
def retry_kept(_key: str) -> None:
    """Days pass and officers answer calls for help, of which nothing is told."""
    erasure.retry_kept()


@job("travellers.retention", every=6 * HOUR)
def delete_on_time(_key: str) -> None:
    retention.run()
