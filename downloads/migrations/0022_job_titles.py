"""The title of the job that a resume is asked for."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0021_candidate_texts")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="consentrequest",
            name="job_title",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="job"
            ),
        ),
    ]
