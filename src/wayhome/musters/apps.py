from django.apps import AppConfig


class MustersConfig(AppConfig):
    name = "wayhome.musters"
    label = "musters"

    def ready(self) -> None:
        from wayhome.musters import erasing, jobs, own_data  # noqa: F401  (register themselves)
