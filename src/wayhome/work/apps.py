from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "wayhome.work"
    label = "work"

    def ready(self) -> None:
        from wayhome.work import (
            connecting,
            jobs,  # noqa: F401  (registers its jobs)
        )

        connecting.watch()
