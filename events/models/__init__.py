"""The models of events: events and feeds, messages, webhooks, alerts, and the check of the keys;
and what proposals of all apps share.
"""

from events.models.alerts import (
    Alert,
    AlertChannel,
    AlertKind,
    AlertMessage,
    AlertOutcome,
    ChannelKind,
    Said,
)
from events.models.events import Event, EventQuerySet, Feed, Outgoing, PlatformEvent, record
from events.models.key_check import KEY_CHECK, KeyCheck
from events.models.messages import Mail, Sms, SmsDay, SmsOutcome
from events.models.proposals import (
    Proposal,
    ProposalQuerySet,
    settle_by_second_person,
    takes_two_people,
)
from events.models.webhooks import (
    Outcome,
    PausedWhy,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "KEY_CHECK",
    "Alert",
    "AlertChannel",
    "AlertKind",
    "AlertMessage",
    "AlertOutcome",
    "ChannelKind",
    "Event",
    "EventQuerySet",
    "Feed",
    "KeyCheck",
    "Mail",
    "Outcome",
    "Outgoing",
    "PausedWhy",
    "PlatformEvent",
    "Proposal",
    "ProposalQuerySet",
    "Said",
    "Sms",
    "SmsDay",
    "SmsOutcome",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "record",
    "settle_by_second_person",
    "takes_two_people",
]
