"""What a platform sets for its candidates: where they change their settings, and text messages."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("employers", "0017_phone_proven_once")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="apiclient",
            name="candidate_settings_url",
            field=models.URLField(
                blank=True,
                db_default="",
                default="",
                max_length=500,
                verbose_name="candidates' settings",
            ),
        ),
        migrations.AddField(
            model_name="apiclient",
            name="texts_candidates",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="text messages to candidates"
            ),
        ),
    ]
