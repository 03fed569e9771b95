"""Jobs of this room: matching rows follow their registration, questions what was said."""

from wayhome.travellers.models import Registration
from wayhome.trips import freshness_asks, likeness, services  # noqa: F401  (registers evidence)
from wayhome.work.registry import batch_job, job


@job("trips.repoint", on=("travellers.repointed",))
def repoint(key: str) -> None:
    services.repoint(Registration.objects.get(pk=int(key)))


@batch_job("trips.plan_asks", batch=100, on=("trips.placed",))
def plan_asks(keys: list[str]) -> None:
    """Places or days were said or changed: when people are asked about them next."""
    freshness_asks.plan([int(key) for key in keys])
