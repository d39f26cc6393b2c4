"""A client of Zizhi's API, version 1: asks whether a recruiter may download a candidate's
resume.
"""

from zizhi_client.answers import Decision, Event
from zizhi_client.client import Zizhi
from zizhi_client.errors import (
    Conflict,
    Forbidden,
    GateUnavailable,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WebhookInvalid,
    ZizhiError,
)
from zizhi_client.webhooks import verify_webhook

__all__ = [
    "Conflict",
    "Decision",
    "Event",
    "Forbidden",
    "GateUnavailable",
    "Invalid",
    "NotFound",
    "RateLimited",
    "Unauthenticated",
    "Unavailable",
    "WebhookInvalid",
    "Zizhi",
    "ZizhiError",
    "verify_webhook",
]
