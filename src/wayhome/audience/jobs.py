"""The job that reads a submitted draft back."""

from collections.abc import Iterable

from django.db.models import F

from wayhome.audience import services
from wayhome.bulletins.models import Bulletin, State
from wayhome.work.registry import job


def _without_readback() -> Iterable[str]:
    waiting = Bulletin.objects.filter(state=State.SUBMITTED).exclude(
        readbacks__version=F("version")
    )
    return (str(pk) for pk in waiting.values_list("pk", flat=True))


@job("audience.read_back", on=("bulletins.submitted",), reconcile=_without_readback)
def read_back(key: str) -> None:
    services.read_back(int(key))
