"""The forms of the account pages, with refusals shown beside their fields."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, PasswordResetForm
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from documents.uscc import LENGTH, normalise_uscc
from employers.accounts import registration
from employers.accounts.self_service import own_password
from employers.models import AccountClass, User
from employers.security import throttle
from employers.security.backends import unconfirmed_accounts
from employers.security.cookies import read_cookie
from events.core.errors import Refused
from events.delivery.mail import queue_mail


def refusal_html(refused: Refused) -> str:
    """Return a refusal as HTML in the current language: the reason, what was seen and expected, and
    what to do.
    """
    return render_to_string("_refusal.html", {"refused": refused})


def clean_name(typed: str, field: str) -> str:
    """Return a company's name with its whitespace normalised. Raises `ValidationError` if it is not
    a plain name.
    """
    try:
        return registration.check_name(" ".join(typed.split()), field)
    except Refused as refused:
        raise ValidationError(refusal_html(refused), code=refused.code) from refused


def network_of(request: HttpRequest) -> str:
    """Return the network that the request came from, as counted by the throttle."""
    return throttle.client_network(throttle.caller_of(request))


def passwords_of(request: HttpRequest, email: str) -> tuple[throttle.Counted, ...]:
    """Return the throttle's counters for a password attempt for `email`."""
    return throttle.password_counters(
        email, network_of(request), read_cookie(request, throttle.KNOWN_COOKIE)
    )


class _Refusable:
    """A form that shows an operation's refusal like any other error and keeps the input."""

    fields: dict[str, forms.Field]
    add_error: Any

    def refuse(self, refused: Refused) -> None:
        """Show `refused` beside the field that it names, or above the form."""
        field = refused.field if refused.field in self.fields else None
        self.add_error(field, ValidationError(refusal_html(refused), code=refused.code))


class RefusableForm(_Refusable, forms.Form):
    """A form that shows an operation's refusal like any other error and keeps the input."""

    use_required_attribute = True


def company_field() -> forms.CharField:
    """The company's name."""
    return forms.CharField(
        label=_("Company name"),
        max_length=200,
        help_text=_("In full, as on the business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "lang": "zh-Hans"}),
    )


def uscc_field() -> forms.CharField:
    """The company's code. Accepts more than 18 characters, so that spaces and typing errors get a
    specific reason.
    """
    return forms.CharField(
        label=_("Unified social credit code"),
        max_length=40,
        help_text=_(
            "18 characters, printed under the title of the licence. Spaces and lower case are fine."
        ),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "code",
            }
        ),
    )


def account_class_field(initial: AccountClass | None = None) -> forms.ChoiceField:
    """The kind of recruiting that the employer does."""
    return forms.ChoiceField(
        label=_("What kind of employer are you?"),
        choices=AccountClass.choices,
        initial=initial,
        widget=forms.RadioSelect,
    )


def email_field(**attrs: Any) -> forms.EmailField:
    return forms.EmailField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "inputmode": "email", **attrs}),
    )


def phone_field() -> forms.CharField:
    """A mobile number, optional."""
    return forms.CharField(
        label=_("Mobile number"),
        max_length=30,
        required=False,
        help_text=_(
            "A reviewer may call you if something is unclear. We keep the number encrypted."
            " If several companies use the same number, we may need to check."
        ),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )


def new_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. A sentence that only you know works well."),
    )


class NewPasswordForm(RefusableForm):
    """A form with `password`, which is validated together with the address in `email`."""

    email_of_password = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        email = cleaned.get("email", self.email_of_password)
        if password := cleaned.get("password"):
            try:
                password_validation.validate_password(password, User(email=email))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class RegisterForm(NewPasswordForm):
    """A new account. Its company is registered once the address is confirmed."""

    email = email_field(autofocus=True)
    password = new_password_field()


class ChosenPasswordForm(NewPasswordForm):
    """A new password for the account of a mailed link, or for nobody if the link has ended."""

    password = new_password_field()

    def __init__(self, user: User | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.email_of_password = user, user.email if user else ""

    def save(self) -> User:
        assert self.user is not None
        self.user.set_password(self.cleaned_data["password"])
        self.user.save(update_fields=["password"])
        return self.user


class JoinForm(NewPasswordForm):
    """An invited colleague chooses a password."""

    password = new_password_field()

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email_of_password = email


class _CountedSignInForm(AuthenticationForm):
    """A sign-in form that stops checking passwords after too many attempts."""

    def clean(self) -> dict[str, Any]:
        """Check the password, and uncount the attempt if it is right.

        Counting comes before the check, so parallel attempts are all counted.
        """
        email, now = self.cleaned_data.get("username"), timezone.now()
        if not email or self.request is None:
            return super().clean()
        counted = passwords_of(self.request, email)
        try:
            throttle.count_try(counted, now)
        except Refused as refused:
            raise ValidationError(refusal_html(refused), code=refused.code) from refused
        cleaned = super().clean()
        throttle.give_back_try(counted, now)
        return cleaned


class ConsoleSignInForm(_CountedSignInForm, AdminAuthenticationForm):
    """Staff sign-in at the console, under the same limits."""


class ConsolePasswordForm(PasswordChangeForm):
    """A new password for a member of staff, whose guesses at the old one are counted."""

    required_css_class = "required"

    def clean_old_password(self) -> str:
        typed: str = self.cleaned_data["old_password"]
        assert isinstance(self.user, User)
        try:
            own_password.check_password(self.user, typed, timezone.now())
        except Refused as refused:
            raise ValidationError(refusal_html(refused), code=refused.code) from refused
        return typed


class SignInForm(_CountedSignInForm):
    """Sign-in with address and password."""

    error_messages = {
        "invalid_login": _(
            "The email address or password is incorrect. Check both, or reset your password."
        ),
        "inactive": _(
            "Your company's owner has closed this account. Ask them to invite you again."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = email_field(autofocus=True)
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"


class CodeForm(RefusableForm):
    """A code from the authenticator app, or a longer recovery code where a form takes both."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "class": "code",
                "spellcheck": "false",
            }
        ),
    )


class MailedCodeForm(CodeForm):
    """The code in the mail that confirms an address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Six-digit code")


class RecoveryForm(RefusableForm):
    """A recovery code."""

    code = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "autofocus": True,
                "class": "code",
                "spellcheck": "false",
            }
        ),
    )


class InviteForm(RefusableForm):
    """A colleague's address, or number if there is a provider of text messages."""

    contact = forms.CharField(
        label=_("Colleague's email"),
        max_length=254,
        validators=[EmailValidator()],
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, by_phone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by_phone:
            self.fields["contact"] = forms.CharField(
                label=_("Colleague's mobile number or email"),
                max_length=254,
                validators=[self._check],
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    @staticmethod
    def is_phone(contact: str) -> bool:
        """Whether this is a number and not an address."""
        return re.search(r"[^\W\d]|@", contact) is None

    def _check(self, contact: str) -> None:
        if not self.is_phone(contact):
            EmailValidator()(contact)

    def refuse(self, refused: Refused) -> None:
        is_about_contact = refused.field in ("email", "phone")
        super().refuse(replace(refused, field="contact") if is_about_contact else refused)


class ResetForm(_Refusable, PasswordResetForm):
    """Requests a link to set a new password. The mail goes through our queue, and its link uses the
    configured address.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field()

    def get_users(self, email: str) -> list[User]:
        """Return the account that holds the address, or else those that only name it. Staff and
        confirmed recruiters can set a first password this way. An account whose number is proven is
        its owner's, not that of whoever reads an address that it only names.
        """
        holder = registration.holder_of(email)
        named = [user for user in unconfirmed_accounts(email) if not user.phone_index]
        return [holder] if holder and holder.is_active else named

    def save(self, *_args: Any, **_options: Any) -> None:
        """Send the mails. An address without an account gets one too, so that the time does not
        tell which addresses have one.
        """
        email, now = self.cleaned_data["email"].strip().lower(), timezone.now()
        users = self.get_users(email)
        for user in users:
            # The link uses the configured address, because the request's Host header can be forged.
            registration.send_password_link(user, registration.Links(settings.SITE_URL), now)
        if not users:
            queue_mail(email, "no_account", get_language() or "", {}, now)


def code_state(typed: str) -> dict[str, Any]:
    """Return the feedback for a code that is being typed: its length, whether it is valid, and what
    is wrong.

    A code that is too short is not an error yet.
    """
    code = normalise_uscc(typed)
    state: dict[str, Any] = {
        "code": code,
        "count": len(code),
        "length": LENGTH,
        "respelt": code != typed.strip().upper(),
    }
    if len(code) < LENGTH:
        return state
    try:
        registration.check_code(typed)
    except Refused as refused:
        return state | {"refused": refused}
    return state | {"valid": True}
