"""The title of the job that a relay number is for."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0022_job_titles")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="relaybinding",
            name="job_title",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="job"
            ),
        ),
    ]
