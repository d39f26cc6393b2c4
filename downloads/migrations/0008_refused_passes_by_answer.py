"""Uses that were not honoured are found by their answer; those that were have an index already. They are few, and so is what this costs."""

from django.db import migrations


def make(apps, schema_editor):
    online = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(
        f"CREATE INDEX {online} IF NOT EXISTS pass_refused ON downloads_passuse (decision_id) WHERE"
        " reason <> ''"
    )


def drop(apps, schema_editor):
    online = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {online} IF EXISTS pass_refused")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0007_uses_and_contacts_by_time")]
    operations = [migrations.RunPython(make, drop)]
