"""Staff accounts: invitations, passwords, groups, and who is a superuser.

Each change is an Event, and a mail to the person and to the other superusers. Nobody sets a
colleague's password: the colleague gets a link. Two superusers make a third.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from employers.models import SuperuserProposal, User
from employers.security import sign_ins, staff_notices
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.delivery.mail import queue_mail
from events.models import record, settle_by_second_person

# --- Who may --------------------------------------------------------------------------------------


def may_assign(by: User) -> bool:
    """Return whether this colleague may change what others may do."""
    return by.is_active and by.is_staff and by.is_superuser


def may_confirm(proposal: SuperuserProposal, by: User) -> Refused | None:
    """Return why this superuser may not confirm the proposal, or None if they may."""
    if not may_assign(by):
        return Refused("not_allowed")
    return proposal.not_by(by.pk)


def _superuser(by: User) -> None:
    if not may_assign(by):
        raise Refused("not_allowed")


def _locked(user_id: UUID, by: User) -> User:
    """Return a colleague, locked together with all superusers, and read `by` again.

    So two changes at once do not end the last superuser, and who has just been ended acts no more.
    """
    list(User.objects.superusers().select_for_update(no_key=True))
    by.refresh_from_db(fields=["is_active", "is_staff", "is_superuser"])
    return User.objects.select_for_update(no_key=True).get(pk=user_id, is_staff=True)


def _not_last(user: User) -> None:
    """Raise Refused if nobody else could sign in as a superuser."""
    if user in User.objects.superusers() and User.objects.superusers().count() == 1:
        raise Refused("staff_last_superuser")


# --- New colleagues and passwords -----------------------------------------------------------------


def invite_staff(
    email: str, language: str, groups: Iterable[Group], by: User, now: datetime
) -> User:
    """Create an account without a password, and mail its owner a link to choose one.

    Raises Refused `not_allowed` if somebody who is not a superuser gives groups.
    """
    chosen = sorted(groups, key=lambda group: group.name)
    if chosen:
        _superuser(by)
    names = [group.name for group in chosen]
    with transaction.atomic():
        user = User.objects.create_user(
            email, None, is_staff=True, language=language, joined_at=now
        )
        user.groups.set(chosen)
        record("invite_staff", user, by.as_reviewer(), now, data={"groups": names})
        _send_link(user, "staff_invitation", now)
        staff_notices.notify_of_staff_change(
            user, "invited", by, now, to_user=False, groups=", ".join(names)
        )
    return user


def send_password_link(user_id: UUID, by: User, now: datetime) -> None:
    """Mail a colleague a link to choose a password. Their current password keeps working."""
    with transaction.atomic():
        user = _locked(user_id, by)
        if not user.is_active or (user.is_superuser and not may_assign(by)):
            raise Refused("not_allowed")
        record("send_password_link", user, by.as_reviewer(), now)
        _send_link(user, "staff_password", now)
        staff_notices.notify_of_staff_change(user, "password_link", by, now, to_user=False)


def _send_link(user: User, template: str, now: datetime) -> None:
    """Queue the mail. Its link works once and, like every such link, for `PASSWORD_RESET_TIMEOUT`.

    Staff never see the link: the row is erased when the mail is sent, and no page shows it.
    """
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("employers:password_reset_confirm", args=[uid, token])
    queue_mail(user.email, template, user.language, {"path": path}, now)


def note_password(user: User, now: datetime, session: sign_ins.Session | None = None) -> None:
    """Record that a colleague has chosen a password, in the caller's transaction, and tell.

    If it was in a `session`, their other sessions end.
    """
    if session is not None:
        user.sign_ins.exclude(pk=session[sign_ins.KEY]).delete()
    if user.is_staff:
        record("set_password", user, user.as_reviewer(), now)
        staff_notices.notify_of_staff_change(user, "password_set", user, now)


# --- Groups and activity --------------------------------------------------------------------------


def change_colleague(
    user_id: UUID,
    by: User,
    now: datetime,
    *,
    language: str,
    is_active: bool | None = None,
    groups: Iterable[Group] | None = None,
) -> User:
    """Change an account. None leaves a value as it is.

    A superuser who is deactivated is no superuser afterwards, so that nobody becomes one by being
    activated again.

    Raises Refused: `not_allowed`, and `staff_last_superuser`.
    """
    with transaction.atomic():
        user = _locked(user_id, by)
        before = set(user.groups.all())
        after = before if groups is None else set(groups)
        is_active = user.is_active if is_active is None else is_active
        if after != before or is_active != user.is_active:
            _superuser(by)
        user.language = language
        if is_active != user.is_active:
            _set_active(user, is_active, by, now)
        user.save()
        if after != before:
            user.groups.set(after)
            added = sorted(group.name for group in after - before)
            removed = sorted(group.name for group in before - after)
            data = {"added": added, "removed": removed}
            record("change_groups", user, by.as_reviewer(), now, data=data)
            staff_notices.notify_of_staff_change(
                user, "groups", by, now, added=", ".join(added), removed=", ".join(removed)
            )
    return user


def _set_active(user: User, is_active: bool, by: User, now: datetime) -> None:
    if not is_active:
        if user.is_superuser:
            _end_superuser(user, by, now)
        if user.superuser_proposals.open().update(settled_by=by, settled_at=now):
            _note_drop(user, by, now)
    user.is_active = is_active
    verb = "reactivate_staff" if is_active else "deactivate_staff"
    record(verb, user, by.as_reviewer(), now)
    staff_notices.notify_of_staff_change(user, "activated" if is_active else "deactivated", by, now)


def change_group(
    group: Group, permissions: Iterable[Permission], by: User, now: datetime, renamed: str = ""
) -> Group:
    """Create or change a group. What its members may do follows from it at once.

    Raises Refused `not_allowed`.
    """
    _superuser(by)
    with transaction.atomic():
        is_new = group.pk is None
        group.name = renamed or group.name
        group.save()
        before, after = set(group.permissions.all()), set(permissions)
        group.permissions.set(after)
        added = sorted(permission.codename for permission in after - before)
        removed = sorted(permission.codename for permission in before - after)
        data = {"group": group.name, "new": is_new, "added": added, "removed": removed}
        record("change_group", group, by.as_reviewer(), now, data=data)
        changed = {"added": ", ".join(added), "removed": ", ".join(removed), "group": group.name}
        staff_notices.tell_superusers("group", by, now, **changed)
        members = User.objects.filter(groups=group, is_active=True, is_superuser=False)
        for user in members.exclude(pk=by.pk).order_by("pk"):
            own = {"what": "group", "who": "", "by": by.email, "path": reverse("admin:index")}
            queue_mail(user.email, "staff_changed", user.language, own | changed, now)
    return group


# --- Superusers -----------------------------------------------------------------------------------


def propose_superuser(user_id: UUID, by: User, now: datetime) -> SuperuserProposal:
    """Propose a colleague, which has no effect until another superuser confirms it.

    Raises Refused: `not_allowed`, and `staff_changed` if the account is inactive, is a superuser's
    or is proposed already.
    """
    with transaction.atomic():
        user = _locked(user_id, by)
        _superuser(by)
        if not user.is_active or user.is_superuser or user.superuser_proposals.open().exists():
            raise Refused("staff_changed")
        proposal = SuperuserProposal.objects.create(user=user, proposed_by=by, proposed_at=now)
        record("propose_superuser", user, by.as_reviewer(), now)
        staff_notices.notify_of_staff_change(user, "superuser_proposed", by, now)
    return proposal


def settle_superuser(user_id: UUID, by: User, now: datetime, *, confirmed: bool) -> User:
    """Make the proposed colleague a superuser, or drop the proposal.

    Raises Refused: `not_allowed`, `staff_second_superuser` if its proposer confirms it, and
    `staff_changed` if it is settled, or its proposer is no superuser any more.
    """
    with transaction.atomic():
        user = _locked(user_id, by)
        _superuser(by)
        proposal = settle_by_second_person(
            user.superuser_proposals.all(), by.pk, now, confirmed=confirmed, settled="staff_changed"
        )
        if confirmed and not (user.is_active and may_assign(proposal.proposed_by)):
            raise Refused("staff_changed")
        proposal.confirmed = confirmed
        proposal.save()
        if not confirmed:
            _note_drop(user, by, now)
            return user
        user.is_superuser = True
        user.save(update_fields=["is_superuser"])
        data = {"proposed_by": str(proposal.proposed_by_id)}
        record("make_superuser", user, by.as_reviewer(), now, data=data)
        proposer = proposal.proposed_by.email
        staff_notices.notify_of_staff_change(user, "superuser_made", by, now, proposed_by=proposer)
    return user


def end_superuser(user_id: UUID, by: User, now: datetime) -> User:
    """Take the powers of a superuser away. One superuser can do so, because it must not wait.

    Raises Refused: `not_allowed`, `staff_changed`, and `staff_last_superuser`.
    """
    with transaction.atomic():
        user = _locked(user_id, by)
        _superuser(by)
        if not user.is_superuser:
            raise Refused("staff_changed")
        _end_superuser(user, by, now)
        user.save(update_fields=["is_superuser"])
    return user


def _end_superuser(user: User, by: User, now: datetime) -> None:
    _not_last(user)
    user.is_superuser = False
    record("end_superuser", user, by.as_reviewer(), now)
    staff_notices.notify_of_staff_change(user, "superuser_ended", by, now)


def _note_drop(user: User, by: User, now: datetime) -> None:
    record("drop_superuser", user, by.as_reviewer(), now)
    staff_notices.notify_of_staff_change(user, "superuser_dropped", by, now)


# --- On the server --------------------------------------------------------------------------------


def note_superuser_on_server(user: User, now: datetime) -> None:
    """Record, in the caller's transaction, that a command has made a superuser, and tell."""
    record("make_superuser", user, SYSTEM, now, data={"on_server": True})
    staff_notices.notify_of_staff_change(user, "superuser_on_server", None, now)


def note_password_on_server(user: User, now: datetime) -> None:
    """Record, in the caller's transaction, that a command has set a password, and tell."""
    if user.is_staff:
        record("set_password", user, SYSTEM, now, data={"on_server": True})
        staff_notices.notify_of_staff_change(user, "password_on_server", None, now)
