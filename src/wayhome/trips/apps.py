from django.apps import AppConfig


class TripsConfig(AppConfig):
    name = "wayhome.trips"
    label = "trips"

    def ready(self) -> None:
        from wayhome.trips import erasing, jobs, own_data  # noqa: F401  (register themselves)
