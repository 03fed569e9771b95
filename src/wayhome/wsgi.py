"""The WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wayhome.settings")
application = get_wsgi_application()

from wayhome.work import clock  # noqa: E402  (needs the settings)

clock.follow_database()
