"""The powers of staff as permissions, and a group for each part that they play: put a colleague into one, and they play it.

Each group holds all that it needs by itself. Running this again adds what is missing, and takes nothing away.
"""

from django.db import migrations

POWERS = {
    "second_review_case": "Can give the second review of a case",
    "bulk_decide_case": "Can decide many cases at once",
    "unmask_case": "Can see what is masked of a case",
    "assign_case": "Can assign cases to colleagues",
    "view_quality": "Can see how well cases are decided",
    "audit_case": "Can audit, which is on record",
}
LOOK = {
    ("verification", "case"): "case",
    ("verification", "document"): "document",
    ("verification", "attempt"): "submission",
    ("verification", "checkrun"): "check run",
    ("verification", "decision"): "decision",
    ("verification", "registryrecord"): "register entry",
    ("verification", "hrlicencerecord"): "licensed agency",
    ("verification", "shadowverdict"): "shadow verdict",
    ("verification", "clientauthorisation"): "client's authorisation",
    ("verification", "exclusion"): "exclusion",
    ("employers", "employer"): "employer",
    ("employers", "member"): "recruiter",
    ("events", "event"): "event",
}
TO_AUDIT = LOOK | {
    ("employers", "user"): "account",
    ("employers", "apiclient"): "platform key",
    ("downloads", "gatedecision"): "gate decision",
}
DECIDE = {"change_case": "Can change case"}


def pick(*codenames):
    return {codename: POWERS[codename] for codename in codenames}


SENIOR = pick("second_review_case", "bulk_decide_case", "unmask_case")
GROUPS = {
    "Reviewers": (LOOK, DECIDE),
    "Seniors": (LOOK, DECIDE | SENIOR),
    "Leads": (LOOK, DECIDE | SENIOR | pick("assign_case", "view_quality")),
    "Auditors": (TO_AUDIT, pick("audit_case")),
}


def create_groups(apps, schema_editor):
    """Permissions are otherwise made only after all migrations have run, too late to be given to a group here."""
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
                permission("verification", "case", codename, words)
                for codename, words in powers.items()
            ),
        )


def remove_groups(apps, schema_editor):
    """The reviewers' group is older than this."""
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=GROUPS.keys() - {"Reviewers"}).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0006_licensed_agencies"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="case",
            options={
                "permissions": list(POWERS.items()),
                "verbose_name": "case",
                "verbose_name_plural": "cases",
            },
        ),
        migrations.RunPython(create_groups, remove_groups),
    ]
