"""Groups for the platforms' webhooks: auditors may view them, operators may also operate them.

Running this again adds what is missing and removes nothing.
"""

from django.db import migrations

OPERATE = ("operate_webhookendpoint", "Can pause, resume and replay webhooks")
LOOK = {
    ("events", "platformevent"): "feed row",
    ("events", "webhookendpoint"): "webhook endpoint",
    ("events", "webhookdelivery"): "webhook delivery",
    ("events", "webhookattempt"): "attempt",
}
PLATFORMS = {("employers", "apiclient"): "platform key"}
GROUPS = {"Auditors": (LOOK, ()), "Operators": (LOOK | PLATFORMS, (OPERATE,))}


def create_groups(apps, schema_editor):
    """Create the permissions now. Django would do so only after all migrations, too late to assign
    them here.
    """
    alias = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    groups = apps.get_model("auth", "Group").objects.using(alias)

    def permission(app, model, codename, name):
        content_type, _ = content_types.get_or_create(app_label=app, model=model)
        return permissions.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )[0]

    for name, (look, powers) in GROUPS.items():
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(
            *(
                permission(app, model, f"view_{model}", f"Can view {words}")
                for (app, model), words in look.items()
            ),
            *(
                permission("events", "webhookendpoint", codename, words)
                for codename, words in powers
            ),
        )


def remove_groups(apps, schema_editor):
    """The auditors' group exists already."""
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(
        name="Operators"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0003_webhooks"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="webhookendpoint",
            options={
                "permissions": [OPERATE],
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
            },
        ),
        migrations.RunPython(create_groups, remove_groups),
    ]
