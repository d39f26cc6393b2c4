"""The forms of the console's pages for platforms."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import refusal_html
from employers.models import Scope
from events.core.errors import Refused

OVERLAPS: Final = {
    "0": (_("At once"), timedelta()),
    "1h": (_("In an hour"), timedelta(hours=1)),
    "24h": (_("In 24 hours"), timedelta(hours=24)),
    "7d": (_("In 7 days"), timedelta(days=7)),
}
"""When the replaced key ends."""


class RefusableForm(forms.Form):
    """A form that shows an operation's refusal beside the field that it names."""

    def refuse(self, refused: Refused) -> None:
        field = refused.field if refused.field in self.fields else None
        self.add_error(field, ValidationError(refusal_html(refused), code=refused.code))


class OnceForm(RefusableForm):
    """A form that can be submitted once, identified by when it was opened."""

    once = forms.CharField(widget=forms.HiddenInput)


def _scopes() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Permissions"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )


def _addresses() -> forms.CharField:
    return forms.CharField(
        label=_("Return addresses"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_(
            "One https address per line. Recruiters that the platform sends to our pages"
            " can return to any address that starts with one of these."
        ),
    )


def _contact() -> forms.EmailField:
    return forms.EmailField(
        label=_("Contact"),
        required=False,
        help_text=_(
            "We write here when one of its webhooks is paused because deliveries fail."
            " Use an address that several people read."
        ),
    )


def _language() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Language of these emails"),
        choices=settings.LANGUAGES,
        initial="zh-hans",
        required=False,
    )


def _end() -> forms.DateField:
    return forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day on which the key works. Leave empty if it does not expire."),
    )


def _networks() -> forms.CharField:
    return forms.CharField(
        label=_("Allowed addresses"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_(
            "One IP address or network per line, such as 203.0.113.7 or 203.0.113.0/24. Requests"
            " from elsewhere are refused. Leave this empty to allow any address."
        ),
    )


class PlatformForm(OnceForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Shown to recruiters on our pages. Use the name they know."),
    )
    test = forms.BooleanField(
        label=_("For tests"),
        required=False,
        help_text=_(
            "A test platform sees only the employers it creates, and no other platform"
            " sees them. You cannot change this later."
        ),
    )
    scopes = _scopes()
    expires_at = _end()
    allowed_networks = _networks()
    return_urls = _addresses()
    contact_email = _contact()
    contact_language = _language()


class KeyForm(OnceForm):
    scopes = _scopes()
    expires_at = _end()
    allowed_networks = _networks()


class RotateForm(OnceForm):
    overlap = forms.ChoiceField(
        label=_("When the old key stops working"),
        choices=[(code, words) for code, (words, _length) in OVERLAPS.items()],
        initial="24h",
        widget=forms.RadioSelect,
    )
    expires_at = _end()


class LimitsForm(RefusableForm):
    expires_at = _end()
    allowed_networks = _networks()


class AddressesForm(RefusableForm):
    return_urls = _addresses()


class ContactForm(forms.Form):
    contact_email = _contact()
    contact_language = _language()


class CandidatesForm(RefusableForm):
    settings_url = forms.CharField(
        label=_("Where candidates change their settings"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_(
            "The platform's own page, with https. Candidates' pages link to it. The platform can"
            " also set it by the API."
        ),
    )
    texts_candidates = forms.BooleanField(
        label=_("Text messages to candidates"),
        required=False,
        help_text=_(
            "Candidates without an email address get notices and requests for consent by text"
            " message. All candidates with a mobile number are told which relay number will call"
            " them. The platform pays. Switch this on only after it has agreed."
        ),
    )


class SecondFactorForm(forms.Form):
    second_factor_required = forms.BooleanField(
        label=_("Recruiters need two-step verification"),
        required=False,
        help_text=_(
            "When recruiters of this platform's employers sign in here with a password, they must"
            " set up an authenticator app before they can continue. Recruiters who follow the"
            " platform's link do not need one, and can only work on their case."
        ),
    )


def end_of(day: date | None) -> datetime | None:
    """Return the end of `day`, in the deployment's time zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None


def last_day_of(end: datetime | None) -> date | None:
    """Return the last day before `end`."""
    return timezone.localdate(end - timedelta(microseconds=1)) if end else None
