"""The account pages: welcome, registration, sign-in, colleagues."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_safe

from employers.accounts import membership, registration, sightings, staff
from employers.accounts.forms import (
    InviteForm,
    JoinForm,
    PhoneForm,
    RegisterForm,
    ResetForm,
    SignInForm,
    code_state,
    network_of,
    passwords_of,
    refusal_html,
)
from employers.clock import now_of
from employers.models import Member, User
from employers.security import throttle
from events.core.errors import Refused

P = ParamSpec("P")
INVITATION_SECONDS = 7 * 24 * 3600
RESEND_SECONDS = 60
"""The first mail may still be on its way, so no second one is sent within this time."""

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


def links() -> registration.Links:
    return registration.Links(settings.SITE_URL)


def _status(form: BaseForm) -> int:
    if form.has_error("__all__", "too_many_tries"):
        return 429
    return 422 if form.errors else 200


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Forbid all caches, shared or the browser's own, to store `response`."""
    response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ("Cookie", "HX-Request"))
    return response


def member_required(
    view: Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Pass the signed-in member to `view`. Anonymous users sign in first; staff without a company
    see an explanation.
    """

    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return private(_to_sign_in(request))
        member = (
            Member.objects.active()
            .select_related("user", "employer__platform")
            .filter(user=request.user)
            .first()
        )
        if member is None:
            return private(render(request, "employers/no_company.html", status=403))
        request.member = member  # type: ignore[attr-defined]  # for what every page shows: a test, a restriction
        request.test_time = now_of(member.employer) if member.employer.test else None  # type: ignore[attr-defined]
        return private(view(request, member, *args, **kwargs))

    update_wrapper(
        inner, view
    )  # `wraps` would keep the `member` parameter in the signature for the type checker
    return inner


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in and back. For a fragment of a page, redirect the whole page."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())


def posted_or(
    home: str,
) -> Callable[[Callable[P, HttpResponseBase]], Callable[P, HttpResponseBase]]:
    """Redirect GET requests for a form's address, for instance after signing in again, to the page
    named `home`.
    """

    def decorator(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
        @wraps(view)
        def inner(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request = args[0]
            assert isinstance(request, HttpRequest)
            return view(*args, **kwargs) if request.method == "POST" else redirect(home)

        return inner

    return decorator


# --- Before the account ---------------------------------------------------------------------------


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    return render(
        request, "employers/welcome.html", {"upload_mb": settings.UPLOAD_MAX_BYTES // 1024**2}
    )


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Report that this process answers. Says nothing about the services behind it."""
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@sensitive_post_parameters("password", "phone")
def register(request: HttpRequest) -> HttpResponseBase:
    if request.user.is_authenticated:
        return redirect("verification:home")
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, typed = timezone.now(), form.cleaned_data
        # For a taken address, the form checks the password. It must not bypass the limits of
        # sign-in.
        passwords = passwords_of(request, typed["email"])
        counted = ((throttle.REGISTRATIONS_FROM_NETWORK, network_of(request)), *passwords)
        try:
            throttle.count_try(counted, now)
            member = registration.register(
                **typed, language=get_language() or "", links=links(), now=now
            )
        except Refused as refused:
            if refused.code not in ("email_taken", "too_many_tries"):
                throttle.give_back_try(counted, now)
            form.refuse(refused)
        else:
            throttle.give_back_try(passwords, now)
            return _enter(request, member)
    state = code_state(form["uscc"].value() or "")
    return private(
        render(
            request,
            "employers/register.html",
            {"form": form, "code_state": state},
            status=_status(form),
        )
    )


def _enter(request: HttpRequest, member: Member) -> HttpResponse:
    login(request, member.user, backend="django.contrib.auth.backends.ModelBackend")
    return saw(
        request, remember_browser(redirect("verification:home"), member.user.email), member.user
    )


def saw(request: HttpRequest, response: HttpResponse, user: User, cookie: str = "") -> HttpResponse:
    """Record the device and network that `user` came from.

    The device's cookie is renewed each time, so that it lasts while the browser is in use.
    """
    cookie = cookie or sightings.device_or_new(request.COOKIES.get(sightings.DEVICE_COOKIE, ""))
    sightings.record(
        user, timezone.now(), device=sightings.device_in(cookie), network=network_of(request)
    )
    set_long_cookie(response, sightings.DEVICE_COOKIE, cookie, sightings.DEVICE_SECONDS)
    return response


def remember_browser(response: HttpResponse, email: str) -> HttpResponse:
    """Exempt this browser from waits that strangers' failures for `email` cause."""
    set_long_cookie(
        response,
        throttle.KNOWN_COOKIE,
        throttle.known_browser(email, secrets.token_urlsafe(12)),
        throttle.KNOWN_SECONDS,
    )
    return response


def set_long_cookie(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    """Set a persistent cookie that only the server can read."""
    response.set_cookie(
        name, value, max_age=seconds, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


@require_GET
def check_code(request: HttpRequest) -> HttpResponseBase:
    """Return the feedback line below the code's field while it is being typed.

    It reveals which codes are taken, so requests are limited.
    """
    try:
        throttle.count_try([(throttle.CODES_FROM_NETWORK, network_of(request))], timezone.now())
    except Refused as refused:
        return private(HttpResponse(refusal_html(refused), status=429))
    typed = request.GET.get("uscc", "")[:40]
    return private(render(request, "employers/_code_state.html", {"code_state": code_state(typed)}))


class SignIn(auth_views.LoginView):
    template_name = "employers/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = saw(
            self.request,
            remember_browser(super().form_valid(form), form.get_user().email),
            form.get_user(),
        )
        # The browser's language takes precedence over the account's.
        if settings.LANGUAGE_COOKIE_NAME not in self.request.COOKIES:
            remember_language(response, form.get_user().language)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(form=form), status=429 if _status(form) == 429 else 200
        )


@posted_or("employers:welcome")
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language of pages and mails."""
    following = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, request.is_secure()):
        following = "/"
    response = redirect(following)
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        remember_language(response, code)
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=code)
    return response


def remember_language(response: HttpResponse, code: str) -> None:
    """Keep the language for this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=LANGUAGE_COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


# --- The address ----------------------------------------------------------------------------------


def verify_email(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let the signed-in user confirm.

    The link alone confirms nothing: mail filters open links, and the reader of the mail may not be
    the person who registered with the address.
    """
    seconds, user = settings.EMAIL_VERIFICATION_TIMEOUT, request.user
    try:
        email = registration.read_verification(token, seconds)
        if not isinstance(user, User):
            return private(render(request, "employers/verify_email_sign_in.html", {"email": email}))
        if user.email != email:
            raise Refused("link_of_other_account")
        if request.method != "POST":
            context = {"email": email, "company": registration.company_of(user)}
            return private(render(request, "employers/verify_email.html", context))
        registration.verify_email(token, user, seconds, timezone.now())
    except Refused as refused:
        return private(
            render(request, "employers/link_refused.html", {"refused": refused}, status=410)
        )
    messages.success(request, gettext("Your email address is confirmed."))
    return redirect("verification:home")


@posted_or("verification:home")
@login_required
def resend_verification(request: HttpRequest) -> HttpResponse:
    user, now = request.user, timezone.now()
    assert isinstance(user, User)
    last_sent = request.session.get("verification_sent_at", 0.0)
    if user.email_verified_at is None and now.timestamp() - last_sent >= RESEND_SECONDS:
        try:
            # Counted separately, so that strangers' requests for the same address do not block
            # this.
            throttle.count_try([(throttle.MAILS_TO_ADDRESS, f"confirm {user.email}")], now)
        except Refused as refused:
            messages.error(request, refusal_html(refused))
            return redirect("verification:home")
        registration.send_verification(user, links(), now)
        request.session["verification_sent_at"] = now.timestamp()
    messages.success(
        request, gettext("We've sent the email. It can take a minute. Check your spam folder too.")
    )
    return redirect("verification:home")


class PasswordReset(auth_views.PasswordResetView):
    template_name = "employers/password_reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("employers:password_reset_done")

    def form_valid(self, form: Any) -> HttpResponse:
        """Count requests for addresses with and without an account alike, so that the answer does
        not reveal which exist.
        """
        email = form.cleaned_data["email"].strip().lower()
        counted = [
            (throttle.RESETS_FROM_NETWORK, network_of(self.request)),
            (throttle.MAILS_TO_ADDRESS, email),
            (throttle.RESETS_TO_ADDRESS, email),
        ]
        try:
            throttle.count_try(counted, timezone.now())
        except Refused as refused:
            form.refuse(refused)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        return super().form_valid(form)


class PasswordResetDone(auth_views.PasswordResetDoneView):
    template_name = "employers/password_reset_done.html"


class PasswordResetConfirm(auth_views.PasswordResetConfirmView):
    template_name = "employers/password_reset_confirm.html"
    success_url = reverse_lazy("employers:sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        with transaction.atomic():
            registration.taken_back(form.user, now)
            response = super().form_valid(form)
            staff.note_password(form.user, now)
        messages.success(self.request, gettext("Your new password is set. Sign in with it."))
        return remember_browser(response, form.user.email)  # and so the way out of a wait

    def get_success_url(self) -> str:
        """Return where the account signs in: staff in the console."""
        user = getattr(self, "user", None)
        is_staff = isinstance(user, User) and user.is_staff
        return reverse("admin:login") if is_staff else super().get_success_url()


# --- Colleagues -----------------------------------------------------------------------------------


@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        invitation = membership.read_invitation(token, INVITATION_SECONDS)
    except Refused as refused:
        return _invitation_refused(request, refused)
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        now, passwords = timezone.now(), passwords_of(request, invitation.email)
        try:
            throttle.count_try(passwords, now)
            joins_at = now_of(invitation.employer)
            member = membership.join(
                token,
                form.cleaned_data["password"],
                get_language() or "",
                INVITATION_SECONDS,
                joins_at,
            )
        except Refused as refused:
            if refused.code == "link_invalid":
                return _invitation_refused(request, refused)
            form.refuse(refused)
        else:
            throttle.give_back_try(passwords, now)
            return _enter(request, member)
    context = {"form": form, "employer": invitation.employer, "email": invitation.email}
    return private(render(request, "employers/join.html", context, status=_status(form)))


def _invitation_refused(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    return private(
        render(
            request,
            "employers/link_refused.html",
            {"refused": refused, "invitation": True},
            status=410,
        )
    )


@member_required
def team(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the members. Owners of a verified company can also invite here."""
    form = InviteForm(request.POST or None)
    hindrance = membership.may_invite(member)
    if request.method == "POST" and hindrance:  # the page has no form to show it beside
        messages.error(request, refusal_html(hindrance))
        return redirect("employers:team")
    if request.method == "POST" and form.is_valid():
        now, email = timezone.now(), form.cleaned_data["email"]
        counted = [
            (throttle.INVITATIONS_FROM_NETWORK, network_of(request)),
            (throttle.INVITATIONS_TO_ADDRESS, email.strip().lower()),
        ]
        try:
            throttle.count_try(counted, now)
            membership.invite(member, email, links(), now_of(member.employer))
        except Refused as refused:
            if refused.code != "too_many_tries":
                throttle.give_back_try(counted[1:], now)
            form.refuse(refused)
        else:
            messages.success(
                request, gettext("We've sent the invitation to %(email)s.") % form.cleaned_data
            )
            return redirect("employers:team")
    members = member.employer.members.active().select_related("user").order_by("joined_at")
    is_owner = member.role == Member.MemberRole.OWNER
    context = {
        "form": form,
        "member": member,
        "members": members,
        "is_owner": is_owner,
        "hindrance": hindrance,
        "phone_form": PhoneForm(),
        "phone": sightings.masked_phone(sightings.phone_of(member.user)),
    }
    return render(request, "employers/team.html", context, status=_status(form))


@sensitive_post_parameters("phone")
@posted_or("employers:team")
@member_required
def my_phone(request: HttpRequest, member: Member) -> HttpResponse:
    """The number that the member calls candidates from."""
    typed = "" if "delete" in request.POST else request.POST.get("phone", "")[:30].strip()
    if not typed and "delete" not in request.POST:
        return redirect("employers:team")  # nothing was typed, so nothing is lost
    try:
        membership.give_phone(member, typed, member.as_actor(), timezone.now())
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        messages.success(
            request,
            gettext("Your number is saved.") if typed else gettext("Your number is deleted."),
        )
    return redirect("employers:team")


@posted_or("employers:team")
@member_required
def remove_member(request: HttpRequest, member: Member, member_id: UUID) -> HttpResponse:
    try:
        membership.remove_member(member, member_id, now_of(member.employer))
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        messages.success(request, gettext("Your colleague no longer has access."))
    return redirect("employers:team")
