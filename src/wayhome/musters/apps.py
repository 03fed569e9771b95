from django.apps import AppConfig


class MustersConfig(AppConfig):
    name = "wayhome.musters"
    label = "musters"

    def ready(self) -> None:
        from wayhome.musters import jobs  # noqa: F401  (registers its jobs)
