from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "wayhome.delivery"
    label = "delivery"

    def ready(self) -> None:
        from wayhome.delivery import (  # noqa: F401  (register themselves)
            erasing,
            host_files,
            jobs,
            own_data,
        )
        from wayhome.delivery.bounces import lmtp, maildir  # noqa: F401  (doors of a worker)
