"""The baseline of ``bench enrol``: one Django form over one table and nothing else, in one file.

What the framework, the server and the database cost before anything is looked up, checked against
abuse, matched or owed. Served by the same server; its table is dropped with the bench's database.
"""

from typing import Any

import django
from django import forms
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from wayhome import settings as own

if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ROOT_URLCONF=__name__,
        DATABASES=own.DATABASES,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()


class Bare(models.Model):
    """All that the form asks for, in one row."""

    name = models.CharField(max_length=400)
    place = models.CharField(max_length=400)
    arrive = models.DateField()
    depart = models.DateField()
    mail = models.EmailField()

    class Meta:
        app_label = "bench"
        db_table = "bench_bare"

    def __str__(self) -> str:
        return f"row {self.pk}"


class BareForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Bare
        fields = ("name", "place", "arrive", "depart", "mail")


def make_table() -> None:
    """Inside the bench's own database."""
    with connection.schema_editor() as editor:
        editor.create_model(Bare)


@csrf_exempt
def page(request: HttpRequest) -> HttpResponse:
    form = BareForm(request.POST or None)
    if form.is_valid():
        return redirect(f"/done/{form.save().pk}/")
    return render(request, "bare.html", {"form": form}, status=422)


urlpatterns: list[Any] = [path("enrol/", page)]
application = WSGIHandler()
