"""The conventional import: django-import-export on models of the usual design, row by row.

Run alone with a FILE, in an environment that has django-import-export; ``PEER_DATABASE`` holds a
Django database as JSON. It keeps four tables (person, address, trip, stay) without versions,
matching rows or owed work, and the place as words. Prints seconds.
"""

import json
import os
import sys
import time
from importlib import import_module
from typing import Any


def _configure() -> None:
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": json.loads(os.environ["PEER_DATABASE"])},
        INSTALLED_APPS=["import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def main(path: str) -> None:
    _configure()
    from django.db import connection, models

    # Its packages are its own and not this project's.
    resources: Any = import_module("import_export.resources")
    dataset: Any = import_module("tablib").Dataset

    class Person(models.Model):  # noqa: DJ008
        reference = models.CharField(max_length=120, unique=True)
        name = models.CharField(max_length=200)
        language = models.CharField(max_length=10)

        class Meta:
            app_label = "import_export"

    class Address(models.Model):  # noqa: DJ008
        person = models.ForeignKey(Person, models.CASCADE)
        kind = models.CharField(max_length=10)
        address = models.CharField(max_length=320)

        class Meta:
            app_label = "import_export"

    class Trip(models.Model):  # noqa: DJ008
        person = models.ForeignKey(Person, models.CASCADE)

        class Meta:
            app_label = "import_export"

    class Stay(models.Model):  # noqa: DJ008
        trip = models.ForeignKey(Trip, models.CASCADE)
        place = models.CharField(max_length=200)
        arrive = models.DateField()
        depart = models.DateField(null=True)

        class Meta:
            app_label = "import_export"

    class PersonResource(resources.ModelResource):  # type: ignore[misc]
        class Meta:
            model = Person
            import_id_fields = ("reference",)
            fields = ("reference", "name", "language")

        def after_save_instance(self, instance: Person, row: dict[str, str], **_: object) -> None:
            for kind in ("mail", "phone"):
                if row[kind]:
                    Address._default_manager.get_or_create(
                        person=instance, kind=kind, address=row[kind]
                    )
            trip = Trip._default_manager.create(person=instance)
            Stay._default_manager.create(
                trip=trip, place=row["place"], arrive=row["arrive"], depart=row["depart"] or None
            )

    with connection.schema_editor() as editor:
        for model in (Person, Address, Trip, Stay):
            editor.create_model(model)
    with open(path, encoding="utf-8") as file:
        data = dataset().load(file.read(), format="csv")
    start = time.perf_counter()
    result = PersonResource().import_data(data, use_transactions=True, raise_errors=True)
    seconds = time.perf_counter() - start
    if result.has_errors() or Person._default_manager.count() != len(data):
        raise SystemExit("not all came in")
    print(seconds)


if __name__ == "__main__":
    main(sys.argv[1])
