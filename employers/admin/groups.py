"""Groups of staff, with their permissions in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from employers.accounts import staff
from employers.models import User
from events.admin import OnlyListed

if TYPE_CHECKING:
    GroupChoices = forms.ModelMultipleChoiceField[Group]
    PermissionChoices = forms.ModelMultipleChoiceField[Permission]
else:
    GroupChoices = PermissionChoices = forms.ModelMultipleChoiceField

GROUPS: Final[dict[str, Promise]] = {
    "Reviewers": _("Reviewers"),
    "Seniors": _("Seniors"),
    "Leads": _("Leads"),
    "Auditors": _("Auditors"),
    "Operators": _("Operators"),
}
"""The names of the groups that migrations create. Other groups keep the name they were given."""

ACTIONS: Final[dict[str, Promise]] = {
    "view": _("view"),
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
}
POWERS: Final[dict[str, Promise]] = {
    "change_case": _("decide cases"),
    "second_review_case": _("give the second review"),
    "bulk_decide_case": _("decide several cases at once"),
    "unmask_case": _("reveal hidden details"),
    "assign_case": _("assign cases to colleagues"),
    "view_quality": _("see decision quality"),
    "audit_case": _("audit only (each request is recorded)"),
    "trace_leak": _("trace leaks (each trace is recorded)"),
    "operate_webhookendpoint": _("pause, resume and replay webhooks"),
    "operate_alertchannel": _("create, change and test alert channels"),
}


def group_in_words(group: Group) -> str:
    """Return a group's name, in the language of the page if it is one of ours."""
    return str(GROUPS.get(group.name, group.name))


def permission_in_words(permission: Permission) -> str:
    """Return what a permission allows, in the language of the page: the kind of record, then the
    action.
    """
    model = permission.content_type.model_class()
    kind = model._meta.verbose_name if model else permission.content_type.model
    action = POWERS.get(permission.codename) or ACTIONS.get(permission.codename.partition("_")[0])
    return f"{kind} · {action or permission.name}"


class GroupsField(GroupChoices):
    """A choice of groups, by their names in words."""

    def label_from_instance(self, obj: Group) -> str:
        return group_in_words(obj)


class PermissionsField(PermissionChoices):
    """A choice of permissions, by what they allow."""

    def label_from_instance(self, obj: Permission) -> str:
        return permission_in_words(obj)


class InGroupFilter(admin.SimpleListFilter):
    """A filter by group."""

    title = _("groups")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(group.pk), group_in_words(group)) for group in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value() or ""
        return queryset.filter(groups=chosen) if chosen.isdecimal() else queryset


def acting_user(request: HttpRequest) -> User:
    """Return the signed-in member of staff. Raises PermissionDenied."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(OnlyListed, GroupAdmin):
    """Groups, which superusers change. They are not deleted, because accounts rely on them.

    The page offers only permissions for what the console shows, and those that a group already has.
    """

    actions = None
    list_display = ("in_words",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff.may_assign(acting_user(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff.may_assign(acting_user(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        permissions = form.cleaned_data["permissions"]
        staff.change_group(obj, permissions, acting_user(request), timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operation saves the permissions."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if group := context["original"]:  # the title and the breadcrumbs show the name in words
            words = group_in_words(group)
            context |= {"original": Group(pk=group.pk, name=words), "subtitle": words}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("group"), ordering="name")
    def in_words(self, group: Group) -> str:
        return group_in_words(group)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: Any = None, **kwargs: Any
    ) -> Any:
        if db_field.name == "permissions":
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = self._offered()
        return super().formfield_for_manytomany(db_field, request=request, **kwargs)

    def _offered(self) -> Any:
        shown = Q(group__isnull=False)
        for model in self.admin_site._registry:
            shown |= Q(
                content_type__app_label=model._meta.app_label,
                content_type__model=model._meta.model_name,
            )
        order = ("content_type__app_label", "content_type__model", "codename")
        kept = Permission.objects.filter(shown).distinct().order_by(*order)
        return kept.select_related("content_type")
