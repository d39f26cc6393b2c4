"""The platform's contact, who is notified when its webhooks can no longer be delivered."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("employers", "0006_api_manners")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="apiclient",
            name="contact_email",
            field=models.EmailField(
                blank=True, db_default="", default="", max_length=254, verbose_name="contact"
            ),
        ),
        migrations.AddField(
            model_name="apiclient",
            name="contact_language",
            field=models.CharField(
                db_default="zh-hans", default="zh-hans", max_length=10, verbose_name="language"
            ),
        ),
    ]
