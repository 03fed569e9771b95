from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "wayhome.replies"
    label = "replies"
