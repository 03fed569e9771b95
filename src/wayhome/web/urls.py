"""Every address of the site."""

from django.urls import include, path

from wayhome.web.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("desk/", include("wayhome.web.desk.urls")),
    path("", include("wayhome.web.portal.urls")),
]
