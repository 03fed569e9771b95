from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "wayhome.delivery"
    label = "delivery"

    def ready(self) -> None:
        from wayhome.delivery import jobs  # noqa: F401  (registers its jobs)
        from wayhome.delivery.bounces import lmtp, maildir  # noqa: F401  (doors of a worker)
