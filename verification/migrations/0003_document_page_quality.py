"""What was seen of a photograph's quality when it came in. Null for pages that came before: no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_reviewers_group")]
    operations = [
        migrations.AddField(
            model_name="documentpage", name="quality", field=models.JSONField(blank=True, null=True)
        )
    ]
