"""Saves the replies that reviewers send often.

A lead maintains them; each is validated, and each change is recorded.
"""

from __future__ import annotations

from datetime import datetime

from employers.permissions import Power
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record
from verification.models import SavedReply
from verification.reviewing import reply_templates


def reply_problem(text: str) -> Refused | None:
    """Return why `text` cannot be saved, or None."""
    return reply_templates.template_problem(text)


def may_save(actor: Actor) -> bool:
    """Whether this member of staff may save replies: only those responsible for reviewers' quality
    may.
    """
    return actor.can(Power.QUALITY)


def save_reply(reply: SavedReply, actor: Actor, now: datetime) -> SavedReply:
    """Save a new or changed reply. Raise Refused if it has an unknown variable."""
    if not may_save(actor):
        raise Refused("not_allowed", seen=actor.role)
    if refused := reply_problem(reply.text_zh) or reply_problem(reply.text_en):
        raise refused
    reply.save()
    record(
        "keep_reply",
        reply,
        actor,
        now,
        data={"code": reply.code, "verb": reply.verb, "retired": reply.retired_at is not None},
    )
    return reply
