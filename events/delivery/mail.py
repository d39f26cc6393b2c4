"""Queues a mail in the caller's transaction; a worker renders and sends it afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any, Final

import structlog
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from events.doorbell import notify_worker
from events.jobs.runner import Failure, Lease, claim_row, run_job
from events.models import Mail

log = structlog.get_logger()

LEASE_SECONDS = 60
TRIES = 12
SERVER_DOWN: Final = Failure(
    (OSError, SMTPException),
    lambda error, tries: min(3600, 15 * 2**tries),
    "mail_delayed",
    tries=TRIES,
)
KEPT_FOR = timedelta(days=30)
FOLDERS = (
    "account",
    "approval",
    "authority",
    "candidate",
    "case",
    "client",
    "decision",
    "relay",
    "restriction",
    "staff",
    "webhook",
)
"""The folders of `templates/email/`. A row names its template without the folder, so a template can
move to another folder while mails are waiting.
"""
NOWHERE = ".test"
"""RFC 6761: no address under this domain exists.

Mails that platforms' tests send there are kept for viewing and never sent.
"""


def queue_mail(
    to: str, template: str, language: str, context: dict[str, Any], now: datetime
) -> Mail:
    """Queue a mail. A worker is notified after the commit.

    `template` names two files in a folder of `templates/email/`: `<template>.txt`, whose first line
    is the subject, and `<template>.html`, which has the same text and a button. `context` is JSON;
    it is erased together with `to` once the mail has been sent.
    """
    if not to:  # an account with a number alone: tell it by `tell_user`
        raise ValueError(f"nobody to mail {template} to")
    mail = Mail.objects.create(
        to=to, template=template, language=language, context=context, created_at=now, due_at=now
    )
    notify_worker("events.tasks.send_mail", mail.pk)
    return mail


def send_mail(mail_id: int, now: datetime, site_url: str) -> bool:
    """Send mail `mail_id` unless it is sent, leased or not yet due. Return whether it was sent.

    If its context has a `path`, the template gets the full `link`, including `site_url`.
    """

    def work(lease: Lease[Mail]) -> bool:
        if lease.row.to.endswith(NOWHERE):
            return lease.finish()
        mail_message(lease.row, site_url, now).send()
        return lease.finish(to="", context={})

    lease = claim_row(Mail.objects.all(), mail_id, lambda: now, LEASE_SECONDS)
    return run_job(lease, work, failures=[SERVER_DOWN], give_up=_give_up)


def _give_up(lease: Lease[Mail], error: Exception) -> bool:
    mail = lease.row
    lease.finish(to="", context={})
    log.error("mail_given_up", job=str(mail.pk), template=mail.template, tries=mail.tries)
    return False


def forget_test_mails(now: datetime) -> int:
    """Remove tests' mails, which were never sent, after `KEPT_FOR`. Return their number."""
    gone, _ = Mail.objects.filter(to__endswith=NOWHERE, finished_at__lt=now - KEPT_FOR).delete()
    return gone


def paths_of(name: str) -> list[str]:
    """Return the possible paths of the template file `name`."""
    return [f"email/{folder}/{name}" for folder in FOLDERS]


def mail_message(mail: Mail, site_url: str, now: datetime) -> EmailMultiAlternatives:
    """Return the mail as plain text and HTML, in its reader's language.

    Neither loads anything remote, so opening the mail reveals nothing.
    """
    context = {"link": site_url + mail.context.get("path", "/"), "now": now} | mail.context
    with translation.override(mail.language):
        subject, body = _text(mail.template, context)
        html = render_to_string(paths_of(f"{mail.template}.html"), context | {"subject": subject})
    letter = EmailMultiAlternatives(subject=subject, body=body + "\n", to=[mail.to])
    letter.attach_alternative(html, "text/html")
    return letter


def subject_of(template: str, language: str, context: dict[str, Any], now: datetime) -> str:
    """Return the subject that a mail would have, to tell its news in another way."""
    with translation.override(language):
        return _text(template, {"link": "", "now": now} | context)[0]


def _text(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """Return the subject and the body in plain text, in the current language."""
    text = render_to_string(paths_of(f"{template}.txt"), context).strip()
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip()
