"""Text messages that wait for a quota. The default is in the database, so no row is rewritten."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("events", "0012_sms_budget")]

    operations = [
        quickly(),
        migrations.AddField(
            "sms", "held_as", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
    ]
