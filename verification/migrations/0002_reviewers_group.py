"""A group for those who decide cases: put a member of staff into it, and they are a reviewer."""

from django.db import migrations

GROUP = "Reviewers"
MAY = {
    ("verification", "case"): ("view", "change"),
    ("verification", "document"): ("view",),
    ("verification", "attempt"): ("view",),
    ("verification", "checkrun"): ("view",),
    ("verification", "decision"): ("view",),
    ("verification", "registryrecord"): ("view",),
    ("employers", "employer"): ("view",),
    ("employers", "member"): ("view",),
    ("events", "event"): ("view",),
}


def create_group(apps, schema_editor):
    """Permissions are otherwise made only after all migrations have run, too late to be given to a group here."""
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(
        schema_editor.connection.alias
    )
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    group, _ = (
        apps.get_model("auth", "Group")
        .objects.using(schema_editor.connection.alias)
        .get_or_create(name=GROUP)
    )
    for (app, model), verbs in MAY.items():
        content_type, _ = content_types.get_or_create(app_label=app, model=model)
        for verb in verbs:
            name = f"Can {verb} {MODEL_WORDS.get(model, model)}"
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=f"{verb}_{model}", defaults={"name": name}
            )
            group.permissions.add(permission)


MODEL_WORDS = {"checkrun": "check run", "registryrecord": "registry record"}


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(
        name=GROUP
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create_group, remove_group)]
