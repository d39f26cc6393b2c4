"""Telling an account's owner what happened: by mail, or by a message to the verified number."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import structlog

from employers.models import User
from events.core.errors import Refused
from events.core.reasons import Text
from events.delivery.mail import queue_mail, subject_of
from events.delivery.sms import queue_sms

log = structlog.get_logger()

PAYER: Final = "accounts"
"""What messages about accounts are counted for."""
_SHORT_PATH: Final = re.compile(r"/([A-Za-z0-9_/-]{1,24})")
_HOME: Final = "/case/"
SECURITY: Final = frozenset(
    {
        "account_deleted",
        "authority_notice",
        "member_joined",
        "member_left",
        "member_removed",
        "owner_made",
        "password_changed",
        "phone_changed",
        "phone_unused",
        "second_factor",
        "staff_second_factor",
    }
)
"""Mails that warn the owner of what somebody else may have done. As messages they have the mail's
subject, and do not wait for a minute to end.
"""
STATUS: Final = {
    "case_submit": Text("已提交", "submitted"),
    "case_wait": Text("需补充信息", "something missing"),
    "case_request_changes": Text("需补正", "changes needed"),
    "case_hold_for_review": Text("人工审核中", "in review"),
    "case_reopen": Text("重新审核中", "in review again"),
    "case_appeal": Text("人工审核中", "in review"),
    "case_approve": Text("已通过", "approved"),
    "case_confirm": Text("已通过", "approved"),
    "case_reject": Text("未通过", "not approved"),
    "case_uphold": Text("维持原决定", "decision unchanged"),
    "case_withdraw": Text("已撤回", "withdrawn"),
    "case_suspend": Text("已暂停", "suspended"),
    "case_reinstate": Text("已恢复", "restored"),
    "case_revoke": Text("已撤销", "revoked"),
    "case_expire": Text("已到期", "expired"),
    "case_renew": Text("即将到期", "expires soon"),
    "deposit_sent": Text("已打款，待填验证码", "enter deposit code"),
    "vouch_asked": Text("同事请你担保", "please vouch"),
}
"""What a message says of a case, by the mail it replaces. At most ten characters in Chinese."""
PROOF: Final = {
    True: Text("授权已证明", "authority proved"),
    False: Text("授权未证明", "proof failed"),
}
NEWS: Final = Text("有新进展", "there is news")


def tell_user(user: User, template: str, context: dict[str, Any], now: datetime) -> bool:
    """Queue the mail `template` to the account's address. Return whether anything was queued.

    An account without an address, or with one that nobody has confirmed, gets a message to its
    verified number instead. It waits if the number has had too many, and later news of the same
    kind replaces it: of a case, only the latest state counts. A message is not worth failing for:
    to a number that takes none, none is sent, and the owner reads it on the pages.
    """
    if user.email and (user.email_verified_at is not None or not user.phone_index):
        queue_mail(user.email, template, user.language, context, now)
        return True
    if user.phone_index:
        path = _SHORT_PATH.fullmatch(str(context.get("path", ""))) or _SHORT_PATH.fullmatch(_HOME)
        assert path is not None
        warns = template in SECURITY
        if warns:
            said = {"what": subject_of(template, user.language, context, now)}
        else:
            said = {"status": _status(template, context).in_(user.language)}
        try:
            queue_sms(
                user.phone,
                "account_notice" if warns else "case_notice",
                user.language,
                said | {"path": path[1]},
                now,
                payer=PAYER,
                held_as="case" if template.startswith("case_") else template,
                at_once=warns,
            )
            return True
        except Refused as refused:
            log.warning("notice_not_sent", user=str(user.pk), template=template, why=refused.code)
    return False


def _status(template: str, context: dict[str, Any]) -> Text:
    if template == "proof_ended":
        return PROOF[bool(context.get("proven"))]
    return STATUS.get(template, NEWS)
