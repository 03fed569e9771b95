from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OfficersConfig(AppConfig):
    name = "wayhome.officers"
    label = "officers"

    def ready(self) -> None:
        from wayhome.officers import jobs  # noqa: F401  (registers its jobs)

        post_migrate.connect(_guard_audit, sender=self)


def _guard_audit(**_: Any) -> None:
    """The audit trail can only grow, whatever a migration did to its tables."""
    from django.db import connection

    from wayhome.officers import audit_sql

    if set(audit_sql.TABLES) <= set(connection.introspection.table_names()):
        audit_sql.assert_guards()
