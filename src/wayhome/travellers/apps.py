from django.apps import AppConfig


class TravellersConfig(AppConfig):
    name = "wayhome.travellers"
    label = "travellers"
