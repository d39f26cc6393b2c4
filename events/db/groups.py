"""A migration operation that gives permissions to groups of staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import migrations


class Permission(NamedTuple):
    """A permission on a model. `name` is what the console shows."""

    app: str
    model: str
    codename: str
    name: str


def view_permission(app: str, model: str, words: str) -> Permission:
    """Return the permission to view a model, which is called `words`."""
    return Permission(app, model, f"view_{model}", f"Can view {words}")


def grant_permissions(groups: Mapping[str, Iterable[Permission]]) -> migrations.RunPython:
    """Return the operation. It creates groups and permissions that are missing, and removes none.

    Django would create the permissions only after all migrations, too late to grant them here.
    """

    def add(apps: Any, schema_editor: Any) -> None:
        alias = schema_editor.connection.alias
        kinds = apps.get_model("contenttypes", "ContentType").objects.using(alias)
        permissions = apps.get_model("auth", "Permission").objects.using(alias)
        for group, granted in groups.items():
            held, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=group)
            for each in granted:
                kind, _ = kinds.get_or_create(app_label=each.app, model=each.model)
                permission, _ = permissions.get_or_create(
                    content_type=kind, codename=each.codename, defaults={"name": each.name}
                )
                held.permissions.add(permission)

    return migrations.RunPython(add, migrations.RunPython.noop)
