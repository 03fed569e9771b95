from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "wayhome.web"
    label = "web"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from wayhome.web.desk import reauth

        user_logged_in.connect(reauth.on_sign_in, dispatch_uid="web.proved")
        from wayhome.web.sessions import follow_sessions

        follow_sessions()
