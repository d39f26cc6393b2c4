"""Old answers are found by when they were given. On PostgreSQL a BRIN does that for a table that only grows, at next to no cost."""

from django.db import migrations


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS gate_when ON downloads_gatedecision USING brin"
            " (decided_at)"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS gate_when")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0004_ladder_as_data")]
    operations = [migrations.RunPython(make, drop)]
