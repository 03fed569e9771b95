from django.apps import AppConfig


class TravellersConfig(AppConfig):
    name = "wayhome.travellers"
    label = "travellers"

    def ready(self) -> None:
        from wayhome.travellers import (  # noqa: F401  (register themselves)
            erasing,
            jobs,
            people_jobs,
            retaining,
        )
