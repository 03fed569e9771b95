from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "wayhome.letters"
    label = "letters"
