from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0008_appeals_answered")]

    operations = [
        migrations.AddIndex(
            model_name="registryrecord",
            index=models.Index(
                condition=models.Q(("email_domain", ""), _negated=True),
                fields=["email_domain"],
                name="registry_domain",
            ),
        )
    ]
