from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "wayhome.audience"
    label = "audience"

    def ready(self) -> None:
        from wayhome.audience import jobs  # noqa: F401  (registers its jobs)
