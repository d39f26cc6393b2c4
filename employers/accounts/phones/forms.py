"""The form that proves a number: the number, and the code that is sent to it."""

from __future__ import annotations

import math
from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import RefusableForm
from employers.security import one_time_codes


def one_time_code_field(**attrs: object) -> forms.CharField:
    """A code that we have sent. It may be typed in groups, and be pasted with spaces."""
    return forms.CharField(
        label=_("Code"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "class": "code",
                **attrs,
            }
        ),
    )


def mobile_field() -> forms.CharField:
    """A mobile number that gets a code."""
    return forms.CharField(
        label=_("Mobile number"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )


class CodeSentForm(RefusableForm):
    """A code that we send on request. Without one typed, the form asks for it."""

    code = one_time_code_field()
    wait = 0
    """The number of seconds after which another code may be sent. Zero if none was."""

    @property
    def has_sent(self) -> bool:
        """Whether this request sent a code."""
        return self.is_bound and self.wait > 0 and not self.errors

    @property
    def asks_for_code(self) -> bool:
        return "send" in self.data or not str(self.data.get("code", "")).strip()

    def was_sent(self, ago: timedelta = timedelta()) -> None:
        """Show that a code is on its way."""
        self.wait = max(0, math.ceil((one_time_codes.RESEND_AFTER - ago).total_seconds()))
        self.fields["code"].widget.attrs["data-focus"] = True


class PhoneCodeForm(CodeSentForm):
    """A number, and the code that was sent to it."""

    phone = mobile_field()
    field_order = ("phone", "code")
