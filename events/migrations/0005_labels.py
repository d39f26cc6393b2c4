"""Labels and help texts of fields, which the database does not know."""

from django.db import migrations, models

from events.db.labels import Relabel


class Migration(migrations.Migration):
    dependencies = [("events", "0004_webhook_operators")]

    operations = [
        Relabel(
            [
                migrations.AlterField(
                    model_name="mail",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="mail",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="platformevent",
                    name="told_at",
                    field=models.DateTimeField(verbose_name="added to the feed"),
                ),
                migrations.AlterField(
                    model_name="webhookattempt",
                    name="response_start",
                    field=models.CharField(
                        blank=True, max_length=500, verbose_name="start of the response"
                    ),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="webhookdelivery",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="paused_why",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("asked", "requested by the platform"),
                            ("gone", "answered 410 Gone"),
                            ("failing", "only failures for days"),
                        ],
                        max_length=10,
                        verbose_name="why paused",
                    ),
                ),
                migrations.AlterField(
                    model_name="webhookendpoint",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
            ]
        )
    ]
