from django.apps import AppConfig


class OfficersConfig(AppConfig):
    name = "wayhome.officers"
    label = "officers"
