"""Invitations by text message: an owner invites a number, and its owner joins with the code that is
sent to it.

The link in the message says which invitation it is and opens nothing by itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from employers.accounts import invitations
from employers.accounts.phones import numbers
from employers.clock import now_of
from employers.models import PHONE_PURPOSE, Invitation, Member, User
from employers.security import throttle
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused
from events.core.sealing import blind_indexes
from events.delivery.sms import queue_sms
from events.sms.numbers import NOBODY

PAYER: Final = "invitations"
"""What these messages are counted for, so that they use up no budget for warnings."""
PATH: Final = "j/"
"""The start of the link's path, which must be short (`events.sms.texts`)."""


def invite_number(owner: Member, phone: str, network: str, now: datetime) -> Invitation:
    """Send a new or former colleague a link to join as recruiter. An open invitation of the same
    number is sent again, from now on in this owner's name.

    The answer is the same whether or not the number has an account, or has blocked our messages.
    `phone` is as `read_number` returns it, and `network` where the request came from.

    Raises Refused: those of `may_invite` and `queue_sms`, `colleague_already`, `invited_too_often`;
    in a platform's test `test_phone_required`.
    """
    if refused := invitations.may_invite(owner):
        raise refused
    if owner.employer.test and not phone.startswith(NOBODY):
        raise Refused("test_phone_required", "phone")
    indexes = blind_indexes(phone, PHONE_PURPOSE)
    colleagues = Member.objects.active().filter(employer=owner.employer)
    if colleagues.filter(user__phone_index__in=indexes).exists():
        raise Refused("colleague_already", "phone")
    with transaction.atomic():
        invitation = invitations.store_invitation(owner, now, phone=phone)
        params = {"company": owner.employer.name, "path": PATH + key_of(invitation)}
        account = str(owner.user_id)
        try:
            with transaction.atomic():
                queue_sms(
                    phone,
                    "colleague_invited",
                    owner.user.language,
                    params,
                    now,
                    payer=PAYER,
                    network=network,
                    account=account,
                )
        except Refused as refused:
            # Only numbers that we have written to can have blocked us. So an owner who learnt it
            # would know that we know the number.
            if refused.code != "sms_blocked":
                raise
    return invitation


def key_of(invitation: Invitation) -> str:
    """Return the invitation's part of the link: its id, written shorter."""
    return urlsafe_b64encode(invitation.pk.bytes).decode().rstrip("=")


def invited_number(key: str) -> Invitation:
    """Return the invitation of a link in a text message. It may have ended. Raises Refused
    `invitation_gone`.
    """
    try:
        pk = UUID(bytes=urlsafe_b64decode(f"{key}=="))
    except ValueError as error:
        raise Refused("invitation_gone") from error
    invitation = invitations.invitation_by_key(pk)
    if not invitation.phone_index:
        raise Refused("invitation_gone")
    return invitation


def join_by_number(
    invitation: Invitation, typed: str, asker: numbers.Asker, language: str, now: datetime
) -> Member:
    """Accept an invitation with the code that was sent to the invited number.

    The number's account joins if it has no company. A new one is opened if the number has none, or
    may be somebody else's by now. The owners are notified. Accepting again returns the same member.

    Not for use in a transaction. Raises Refused: those of `numbers.check_code`, `invitation_gone`,
    `too_many_tries`, and `phone_taken` if the number's account belongs to another company.
    """
    phone = invitation.phone
    numbers.check_code(Purpose.JOIN, phone, typed, asker, now)
    if numbers.account_of(phone) is None:
        throttle.count_try([(throttle.REGISTRATIONS_FROM_NETWORK, asker.network)], now)
    at = now_of(invitation.employer, now)
    with transaction.atomic():
        invitation = invitations.locked_invitation(invitation.pk)
        invitations.check_open(invitation, at)
        invited = invitations.members_invited(invitation)
        if invitation.accepted_at is not None:
            return invited.select_related("user").get(left_at=None)
        if invited.filter(left_at__gte=invitation.sent_at).exists():
            raise Refused("invitation_gone")
        return invitations.accept_as_member(invitation, _account(phone, language, now), at)


def _account(phone: str, language: str, now: datetime) -> User:
    """Return the account that joins, locked. Raises Refused `phone_taken`."""
    user = numbers.account_of(phone)
    if user is not None and Member.objects.active().filter(user=user).exists():
        # It may be their only way in. Signing in, they choose what becomes of that account.
        raise Refused("phone_taken", "phone")
    if user is None or numbers.needs_more(user, now):
        return numbers.open_account(phone, language, now)
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if Member.objects.filter(user=user).exists():
        raise Refused("phone_taken", "phone")
    return user
