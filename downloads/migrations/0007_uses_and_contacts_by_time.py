"""Old uses of passes and old contacts are found as old answers are (0005): on PostgreSQL by a BRIN, at next to no cost."""

from django.db import migrations

INDEXES = {
    "passuse_when": "downloads_passuse USING brin (used_at)",
    "contact_when": "downloads_contact USING brin (at)",
}


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, on in INDEXES.items():
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0006_back_after_step_up")]
    operations = [migrations.RunPython(make, drop)]
