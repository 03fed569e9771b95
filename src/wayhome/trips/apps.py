from django.apps import AppConfig


class TripsConfig(AppConfig):
    name = "wayhome.trips"
    label = "trips"

    def ready(self) -> None:
        from wayhome.trips import jobs  # noqa: F401  (registers its jobs)
