"""The forms of one's own account."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import (
    CodeForm,
    NewPasswordForm,
    RefusableForm,
    email_field,
    new_password_field,
    phone_field,
)
from employers.accounts.phones.forms import PhoneCodeForm
from employers.models import User


def current_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


FormT = TypeVar("FormT", bound=RefusableForm)


def asked_of(form: FormT, user: User) -> FormT:
    """Return the form without the password's field if the account has no password."""
    if not user.has_usable_password():
        form.fields.pop("current_password", None)
    return form


class OwnPasswordForm(NewPasswordForm):
    """A new password."""

    current_password = current_password_field()
    password = new_password_field()

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email_of_password = email
        self.fields["password"].label = _("New password")


class OwnAddressForm(RefusableForm):
    """A new email address."""

    email = email_field()
    current_password = current_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New email address")
        self.fields["email"].widget.attrs["autocomplete"] = "email"


class OwnPhoneForm(RefusableForm):
    """The number that the member calls from."""

    phone = phone_field()
    current_password = current_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = "delete" not in self.data
        self.fields["phone"].help_text = _(
            "You call candidates through relay numbers, and only your team gets through."
            " Enter the number you call from. We keep it encrypted. Neither your colleagues"
            " nor candidates can see it."
        )


class ProvePhoneForm(PhoneCodeForm):
    """The member's own number, the code that was sent to it, and the password."""

    current_password = current_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].help_text = _(
            "You call candidates through relay numbers, and only your team gets through. You can"
            " also sign in with it. We keep it encrypted. Neither your colleagues nor candidates"
            " can see it."
        )


class SetUpForm(CodeForm):
    """The first code of a new authenticator app."""

    current_password = current_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.pop("autofocus")  # the QR code comes first


class FactorForm(CodeForm):
    """A code of the app in use, or a recovery code."""

    current_password = current_password_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label, code.help_text = _("Code"), _("From your app, or a recovery code.")
        code.widget.attrs.pop("autofocus")
        code.widget.attrs |= {"inputmode": "text", "autocapitalize": "none"}


class PasskeyForm(FactorForm):
    """A new passkey. The page's script fills in the browser's answer."""

    credential = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)


class GoodbyeForm(RefusableForm):
    """The password of somebody who leaves."""

    current_password = current_password_field()
