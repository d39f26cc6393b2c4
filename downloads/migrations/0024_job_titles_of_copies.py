"""The title of the job that a copy is for."""

from django.db import migrations, models

from events.db.guards import GuardTable
from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0023_job_titles_of_relays")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="copy",
            name="job_title",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="job"
            ),
        ),
        GuardTable("Copy"),
    ]
