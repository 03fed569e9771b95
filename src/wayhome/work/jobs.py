"""The one job of this room: look once an hour for work that no row asks for."""

from wayhome.work import clock_steps, services  # noqa: F401  (it registers its service)
from wayhome.work.registry import job


@job("work.reconcile", every=3600)
def reconcile(_key: str) -> None:
    services.reconcile()
