"""What alerts say, in the language of their channel.

Texts hold figures, times and the starts of our own ids, and a link to the page of the console that
matters. They never hold names of people or companies, codes or telephone numbers: a chat is outside
of our protection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import AlertKind, AlertMessage, Said

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HEAD: Final = "【资质 Zizhi】"
"""Begins each message in both languages, so a chat that demands a keyword can demand this one."""
LINES_AT_MOST: Final = 5
BYTES_AT_MOST: Final = 1900
"""WeCom cuts texts after 2,048 bytes."""
ID_SHOWN: Final = 8

WORK: Final[dict[str, StrOrPromise]] = {
    "checks": gettext_lazy("Checks of cases"),
    "reading": gettext_lazy("Reading of documents"),
    "proofs": gettext_lazy("Proofs of authority"),
    "mail": gettext_lazy("Emails"),
    "relays": gettext_lazy("Relay numbers"),
    "copies": gettext_lazy("Copies of resumes"),
    "photos": gettext_lazy("Licence photos of newcomers"),
    "sms": gettext_lazy("Text messages"),
    "texts": gettext_lazy("Messages to candidates"),
}
"""What waits for a service, by the key of its alert."""


@dataclass(frozen=True)
class Line:
    """One alert in words, with the address of its page."""

    text: str
    link: str

    def __str__(self) -> str:
        return f"{self.text}\n{self.link}" if self.link else self.text


def lines_of(messages: Sequence[AlertMessage], language: str, site_url: str) -> list[Line]:
    """Return the messages in words."""
    with translation.override(language):
        return [
            Line(_text(message), site_url + message.path if message.path else "")
            for message in messages
        ]


def bundle_lines(lines: Sequence[Line], language: str, more: Line) -> str:
    """Return one text for all lines. Those that do not fit are counted, with the link of `more`."""
    shown: list[str] = []
    for line in lines[:LINES_AT_MOST]:
        if shown and len("\n\n".join([*shown, str(line)]).encode()) > BYTES_AT_MOST - 300:
            break
        shown.append(str(line))
    if left := len(lines) - len(shown):
        with translation.override(language):
            said = translation.ngettext("%(count)s more alert", "%(count)s more alerts", left)
        shown.append(str(Line(said % {"count": left}, more.link)))
    text = f"{HEAD}\n" + "\n\n".join(shown)
    return text.encode()[:BYTES_AT_MOST].decode(errors="ignore")


def trial_text(channel: str, language: str) -> str:
    """Return the text of a test message."""
    with translation.override(language):
        said = _("This is a test of the alert channel “%(name)s”.") % {"name": channel}
    return f"{HEAD}\n{said}"


def _text(message: AlertMessage) -> str:
    said = _SAID[AlertKind(message.kind)](message.params, message.said)
    return _("Still: %(said)s") % {"said": said} if message.said == Said.STILL else said


# --- Each kind ------------------------------------------------------------------------------------


def _moment(stored: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(stored)), "SHORT_DATETIME_FORMAT")


def _sla_soon(params: dict[str, Any], said: str) -> str:
    return _("Case %(case)s must be decided by %(due)s.") % {
        "case": params["case"][:ID_SHOWN],
        "due": _moment(params["due"]),
    }


def _sla_late(params: dict[str, Any], said: str) -> str:
    return _("Case %(case)s is late. It was due by %(due)s.") % {
        "case": params["case"][:ID_SHOWN],
        "due": _moment(params["due"]),
    }


def _queue_long(params: dict[str, Any], said: str) -> str:
    if said == Said.ENDED:
        return _("The queue is back to %(limit)s cases or fewer.") % params
    return _("%(count)s cases wait for a reviewer, which is more than %(limit)s.") % params


def _provider_down(params: dict[str, Any], said: str) -> str:
    what = {"what": WORK.get(params["what"], params["what"]), "count": params.get("count", 0)}
    if said == Said.ENDED:
        return _("%(what)s: no longer waiting for a service.") % what
    return _("%(what)s: waiting for a service that does not answer (%(count)s).") % what


def _work_late(params: dict[str, Any], said: str) -> str:
    if said == Said.ENDED:
        return _("Work is no longer delayed.")
    return (
        _("%(count)s tasks have waited for over %(minutes)s minutes. Check the workers.") % params
    )


def _webhook_failing(params: dict[str, Any], said: str) -> str:
    endpoint = {"endpoint": params["endpoint"][:ID_SHOWN], "hours": params.get("hours", 1)}
    if said == Said.ENDED:
        return _("Webhook %(endpoint)s of a platform no longer fails.") % endpoint
    return _("Webhook %(endpoint)s of a platform has failed for over an hour.") % endpoint


def _sms_budget(params: dict[str, Any], said: str) -> str:
    if params["used"] == "nearly":
        return _("Today’s budget for text messages is nearly used up.")
    if params["used"] == "strangers":
        return _(
            "Codes to numbers without an account have used up their share of today’s budget. No more are sent until midnight. People who have an account still get codes."  # noqa: E501
        )
    return _("Today’s budget for text messages is used up. No more are sent until midnight.")


def _canary(params: dict[str, Any], said: str) -> str:
    if params["restricted"]:
        return _("A stranger called a canary. The employer's downloads are stopped.")
    return _("A stranger called a canary. The employer can still download.")


def _leak(params: dict[str, Any], said: str) -> str:
    return _("A leak was traced. Copies named: %(count)s.") % params


def _digest(params: dict[str, Any], said: str) -> str:
    first, last = (date.fromisoformat(params[name]) for name in ("first", "last"))
    span = date_format(first, "MONTH_DAY_FORMAT")
    span += "" if first == last else f" – {date_format(last, 'MONTH_DAY_FORMAT')}"
    return "\n".join([_("Digest for %(span)s") % {"span": span}, *_digest_lines(params)])


def _digest_lines(params: dict[str, Any]) -> list[str]:
    unknown = "—"
    told = params | {
        "median": unknown if params["median"] is None else params["median"],
        "kept": unknown if params["kept"] is None else f"{params['kept']} %",
        "oldest": _moment(params["oldest"]) if params["oldest"] else unknown,
    }
    return [
        _("Decided by reviewers: %(decided)s, median wait %(median)s working hours") % told,
        _("Decided within %(target)s working hours: %(kept)s") % told,
        _("Approved without a reviewer: %(automatic)s") % told,
        _("Queue now: %(waiting)s, late %(late)s, oldest since %(oldest)s") % told,
        _("Open appeals: %(appeals)s") % told,
        _("Downloads allowed: %(allowed)s, refused: %(refused)s") % told,
        _("Calls to canaries: %(canaries)s, leaks traced: %(leaks)s") % told,
        _("Emails delayed: %(mails)s, webhook messages given up: %(webhooks)s") % told,
    ]


_SAID: Final[dict[AlertKind, Callable[[dict[str, Any], str], str]]] = {
    AlertKind.SLA_SOON: _sla_soon,
    AlertKind.SLA_LATE: _sla_late,
    AlertKind.QUEUE_LONG: _queue_long,
    AlertKind.PROVIDER_DOWN: _provider_down,
    AlertKind.WORK_LATE: _work_late,
    AlertKind.WEBHOOK_FAILING: _webhook_failing,
    AlertKind.SMS_BUDGET: _sms_budget,
    AlertKind.CANARY: _canary,
    AlertKind.LEAK: _leak,
    AlertKind.DIGEST: _digest,
}
