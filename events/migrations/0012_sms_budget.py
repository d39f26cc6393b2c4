from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("events", "0011_alerts")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="sms",
            name="known",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="known browser"
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sla_soon", "A case is due within an hour"),
                    ("sla_late", "A case is late"),
                    ("queue_long", "The queue is long"),
                    ("provider_down", "A service does not answer"),
                    ("work_late", "Work is delayed"),
                    ("webhook_failing", "A platform's webhook fails"),
                    ("sms_budget", "The budget for text messages runs out"),
                    ("canary", "A canary was called"),
                    ("leak", "A leak was traced"),
                    ("digest", "The morning digest"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="alertmessage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sla_soon", "A case is due within an hour"),
                    ("sla_late", "A case is late"),
                    ("queue_long", "The queue is long"),
                    ("provider_down", "A service does not answer"),
                    ("work_late", "Work is delayed"),
                    ("webhook_failing", "A platform's webhook fails"),
                    ("sms_budget", "The budget for text messages runs out"),
                    ("canary", "A canary was called"),
                    ("leak", "A leak was traced"),
                    ("digest", "The morning digest"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
