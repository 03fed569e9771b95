"""What names are found by: an array with a GIN index, or an FTS5 table. Django makes neither."""

from django.db import migrations


def create(apps, schema_editor):
    from wayhome.travellers import search_sql

    if not search_sql.create():
        print("\nThis Python's SQLite has no FTS5: people are found, slowly. Use one that has it.")


class Migration(migrations.Migration):
    dependencies = [("travellers", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
