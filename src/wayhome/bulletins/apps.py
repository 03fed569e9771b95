from django.apps import AppConfig


class BulletinsConfig(AppConfig):
    name = "wayhome.bulletins"
    label = "bulletins"
