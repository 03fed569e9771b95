"""Jobs of this room: matching rows follow their registration."""

from wayhome.travellers.models import Registration
from wayhome.trips import services
from wayhome.work.registry import job


@job("trips.repoint", on=("travellers.repointed",))
def repoint(key: str) -> None:
    services.repoint(Registration.objects.get(pk=int(key)))
