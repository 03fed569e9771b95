from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "wayhome.replies"
    label = "replies"

    def ready(self) -> None:
        from wayhome.replies import erasing, own_data  # noqa: F401  (register themselves)
