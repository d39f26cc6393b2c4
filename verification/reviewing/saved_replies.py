"""How does a lead keep the replies that reviewers send often?

Each is looked over before it is kept, and on record.
"""

from __future__ import annotations

from datetime import datetime

from employers.permissions import Power
from events.core.actor import Actor
from events.core.errors import Refused
from events.models import record
from verification.models import SavedReply
from verification.reviewing import reply_templates


def problem(text: str) -> Refused | None:
    """Why `text` cannot be kept, or None if it can."""
    return reply_templates.problem(text)


def may_save(actor: Actor) -> bool:
    """Whether this member of staff writes replies: what all reviewers say is for who answers for
    their work.
    """
    return actor.can(Power.QUALITY)


def save_reply(reply: SavedReply, actor: Actor, now: datetime) -> SavedReply:
    """Keep a reply, new or changed. Raises Refused where a variable in it is not known."""
    if not may_save(actor):
        raise Refused("not_allowed", seen=actor.role)
    if refused := problem(reply.text_zh) or problem(reply.text_en):
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
