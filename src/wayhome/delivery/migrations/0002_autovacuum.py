"""PostgreSQL: vacuum and analyse the wide tables by rows written, not by a share of their size."""

from django.db import migrations

TABLES = ("delivery", "attempt", "slice", "receipt", "delivery_total")
SETTINGS = (
    "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,"
    " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,"
    " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000"
)


def set_autovacuum(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(f"ALTER TABLE {table} SET ({SETTINGS})")


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [migrations.RunPython(set_autovacuum, migrations.RunPython.noop)]
