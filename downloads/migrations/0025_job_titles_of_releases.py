"""The title of the job that a resume was given for."""

from django.db import migrations, models

from events.db.guards import GuardTable
from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0024_job_titles_of_copies")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="release",
            name="job_title",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="job"
            ),
        ),
        GuardTable("Release"),
    ]
