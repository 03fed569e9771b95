from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "wayhome.delivery"
    label = "delivery"

    def ready(self) -> None:
        from wayhome.delivery import jobs  # noqa: F401  (registers its jobs)
