"""The account pages: welcome, registration, sign-in, and the address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_safe

from employers.accounts import registration, sightings, staff
from employers.accounts.forms import (
    ChosenPasswordForm,
    RegisterForm,
    ResetForm,
    SignInForm,
    code_state,
    network_of,
    passwords_of,
    refusal_html,
)
from employers.accounts.phones.offer import phone_comes_first
from employers.accounts.self_service import own_password
from employers.accounts.self_service.required_factor import LINKED_SITE_REQUIRES, lacks_factor
from employers.clock import now_of
from employers.models import Member, User
from employers.security import entry, second_factor, sign_ins, throttle
from employers.security.backends import ADDRESS, is_vouched_only
from employers.security.cookies import read_cookie, set_cookie
from events.core.errors import Refused
from events.delivery.sms import sms_ready

P = ParamSpec("P")
ENTRY = "sign_in_entry"
"""Session key of the user whose password was correct and whose second factor is pending."""
NEXT_OF_UNCONFIRMED, NEXT_OF_CONFIRMED = "employers:await_address", "company_registration:company"
"""Where an account without a company goes on."""

FOLLOWING = "following"
"""The session's key for the page of ours to show after registration."""
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


def site_links() -> registration.Links:
    return registration.Links(settings.SITE_URL)


def status_of(form: BaseForm) -> int:
    if form.has_error("__all__", "too_many_tries"):
        return 429
    return 422 if form.errors else 200


def private_response(response: HttpResponseBase) -> HttpResponseBase:
    """Forbid all caches, shared or the browser's own, to store `response`."""
    response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ("Cookie", "HX-Request"))
    return response


def member_required(
    view: Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Pass the signed-in member to `view`. Anonymous users sign in first; accounts without a
    company go on with their registration; staff see an explanation.

    The view also serves members whom only their platform's link signed in. For what they may not
    do, use `proven_member_required`.
    """

    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return private_response(_to_sign_in(request))
        member = (
            Member.objects.active()
            .select_related("user", "employer__platform")
            .annotate(site_requires_factor=LINKED_SITE_REQUIRES)
            .filter(user=request.user)
            .first()
        )
        if member is None:
            return private_response(_to_registration(request))
        request.member = member  # type: ignore[attr-defined]  # for what every page shows: a test, a restriction
        request.test_time = now_of(member.employer) if member.employer.test else None  # type: ignore[attr-defined]
        if not getattr(view, "without_factor", False) and lacks_factor(request, member):
            return private_response(_to_set_up(request))
        return private_response(view(request, member, *args, **kwargs))

    update_wrapper(
        inner, view
    )  # `wraps` would keep the `member` parameter in the signature for the type checker
    inner.needs_proof = False  # type: ignore[attr-defined]
    return inner


def proven_member_required(
    view: Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Pass the signed-in member to `view`, as `member_required` does, if they have signed in with
    their password. Others see how to do so.

    A platform's key can begin a session in the name of any recruiter that it added. Such a session
    is for the employer's case, and not for what concerns colleagues or the account.
    """

    @wraps(view)
    def inner(
        request: HttpRequest, member: Member, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if is_vouched_only(request):
            return render(request, "employers/prove_yourself.html", status=403)
        return view(request, member, *args, **kwargs)

    wrapped = member_required(inner)
    wrapped.needs_proof = True  # type: ignore[attr-defined]
    return wrapped


def without_factor(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Let `view` serve members who still have to set up the second factor that is required."""
    view.without_factor = True  # type: ignore[attr-defined]
    return view


def _to_set_up(request: HttpRequest) -> HttpResponse:
    """Redirect to the page that sets up a second factor, which says why."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("employers:second_factor")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in and back. For a fragment of a page, redirect the whole page."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())


def _to_registration(request: HttpRequest) -> HttpResponse:
    """Redirect an account without a company to what it has to do next."""
    user = request.user
    assert isinstance(user, User)
    has_left = Member.objects.filter(user=user).exists()
    if user.is_staff or has_left or not (user.email or user.is_proven):
        return render(request, "employers/no_company.html", status=403)
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(NEXT_OF_CONFIRMED if user.is_proven else NEXT_OF_UNCONFIRMED)


def newcomer_required(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Pass the signed-in account to `view` if its address or number is proven and it has no
    company yet. Redirect others to the page that is theirs.
    """

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return private_response(_to_sign_in(request))
        if Member.objects.filter(user=user).exists():
            return private_response(redirect("verification:home"))
        if user.is_staff or not user.is_proven:
            return private_response(_to_registration(request))
        return private_response(view(request, user, *args, **kwargs))

    return inner


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
        request,
        "employers/welcome.html",
        {"upload_mb": settings.UPLOAD_MAX_BYTES // 1024**2, "by_phone": sms_ready()},
    )


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Report that this process answers. Says nothing about the services behind it."""
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@sensitive_post_parameters("password")
def register(request: HttpRequest) -> HttpResponseBase:
    if request.user.is_authenticated:
        return redirect("verification:home")
    if phone_comes_first(request):
        return redirect("employers:register_by_phone")
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, typed = timezone.now(), form.cleaned_data
        # If the address has an account, the form checks its password. It must not bypass the limits
        # of sign-in.
        passwords = passwords_of(request, typed["email"])
        counted = (
            (throttle.REGISTRATIONS_FROM_NETWORK, network_of(request)),
            *passwords,
            (throttle.MAILS_TO_ADDRESS, f"register {typed['email'].strip().lower()}"),
        )
        try:
            throttle.count_try(counted, now)
            user = registration.open_account(
                **typed, language=get_language() or "", links=site_links(), now=now
            )
        except Refused as refused:
            if refused.code != "too_many_tries":
                throttle.give_back_try(counted, now)
            form.refuse(refused)
        else:
            if user.joined_at < now:  # the password of an earlier account was right
                throttle.give_back_try(passwords, now)
            return sign_in_by_password(request, user)
    page = {"form": form, "by_phone": sms_ready()}
    return private_response(
        render(request, "employers/register.html", page, status=status_of(form))
    )


def sign_in_by_password(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in a user who chose or gave a password, and redirect to the page that they came for, or
    to their case. A second factor that they have is asked first.
    """
    following = resolve_url(page_after(request, user))
    if second_factor.second_factor_of(user):
        return ask_second_factor(request, user, following)
    login(request, user, backend=ADDRESS)
    response = remember_browser(request, redirect(following), user)
    return start_session(request, response, user)


def page_after(request: HttpRequest, user: User) -> str:
    """Return the page that the person came for, or that of their case. Until an account has a
    company, it is kept for later.
    """
    if not Member.objects.active().filter(user=user).exists():
        return "verification:home"
    return str(request.session.pop(FOLLOWING, "verification:home"))


def ask_second_factor(
    request: HttpRequest, user: User, goes_to: str, *, by_phone: bool = False
) -> HttpResponse:
    """Keep that the password, or the code that was sent to the number, was correct, and redirect to
    the page that asks for the code of the second factor.
    """
    request.session.cycle_key()
    entry.remember_entry(request.session, ENTRY, user, goes_to, timezone.now(), by_phone=by_phone)
    return redirect("employers:second_step")


def start_session(
    request: HttpRequest, response: HttpResponse, user: User, cookie: str = ""
) -> HttpResponse:
    """Begin the sign-in of `user` in this session, and record the device and network of it.

    The device's cookie is renewed each time, so that it lasts while the browser is in use.
    """
    cookie = cookie or sightings.device_or_new(device_cookie(request))
    now, network = timezone.now(), network_of(request)
    agent, near = request.headers.get("User-Agent", ""), sightings.network_neighbourhood(network)
    sign_ins.begin_sign_in(request.session, user, agent, near, now)
    sightings.record_sighting(user, now, device=sightings.device_in(cookie), network=network)
    set_cookie(response, sightings.DEVICE_COOKIE, cookie, sightings.DEVICE_SECONDS)
    return response


def device_cookie(request: HttpRequest) -> str:
    """Return the cookie that names the device. A cookie from before the name had a prefix still
    counts, so that excluded devices stay known.
    """
    earlier = request.COOKIES.get(sightings.DEVICE_COOKIE, "")
    return read_cookie(request, sightings.DEVICE_COOKIE) or earlier


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Exempt this browser from waits that strangers' failures for the user's address or number, or
    from its network, cause.

    Not if the address is unconfirmed: registering with somebody's address must not give more
    guesses at their password.
    """
    ways = [user.email] if user.email_verified_at is not None or user.is_staff else []
    if user.phone_index:
        ways.append(f"phone {user.pk}")
    before = cookie = read_cookie(request, throttle.KNOWN_COOKIE)
    for way in ways:
        cookie = throttle.known_browser(way, secrets.token_urlsafe(16), before=cookie)
    if cookie != before:
        set_cookie(response, throttle.KNOWN_COOKIE, cookie, throttle.KNOWN_SECONDS)
    return response


@require_GET
def check_code(request: HttpRequest) -> HttpResponseBase:
    """Return the feedback line below the code's field while it is being typed.

    It reveals which codes are taken, so requests are limited.
    """
    try:
        throttle.count_try([(throttle.CODES_FROM_NETWORK, network_of(request))], timezone.now())
    except Refused as refused:
        return private_response(HttpResponse(refusal_html(refused), status=429))
    typed = request.GET.get("uscc", "")[:40]
    return private_response(
        render(request, "employers/_code_state.html", {"code_state": code_state(typed)})
    )


def clear_browser(response: HttpResponse) -> HttpResponse:
    """Have the browser forget what it has stored of our pages, except for cookies: those that
    outlast a session say that this browser is known.
    """
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


class SignOut(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return clear_browser(super().post(request, *args, **kwargs))


class SignIn(auth_views.LoginView):
    template_name = "employers/sign_in.html"
    authentication_form = SignInForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect those who have signed in. Those who came by a platform's link can sign in."""
        self.redirect_authenticated_user = not is_vouched_only(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if phone_comes_first(request):
            page = reverse("employers:sign_in_by_phone")
            return redirect(f"{page}?{request.META.get('QUERY_STRING', '')}")
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        if second_factor.second_factor_of(form.get_user()):
            return ask_second_factor(self.request, form.get_user(), self.get_success_url())
        response = start_session(
            self.request,
            remember_browser(self.request, super().form_valid(form), form.get_user()),
            form.get_user(),
        )
        # The browser's language takes precedence over the account's.
        if settings.LANGUAGE_COOKIE_NAME not in self.request.COOKIES:
            remember_language(response, form.get_user().language)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(form=form), status=429 if status_of(form) == 429 else 200
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


# --- Passwords by mail ----------------------------------------------------------------------------


@posted_or("verification:home")
@member_required
def prove_yourself(request: HttpRequest, member: Member) -> HttpResponse:
    """Mail the member a link to set a password, with which they sign in."""
    user, now = member.user, timezone.now()
    if not user.email:  # it signs in with its number
        return redirect("employers:sign_in")
    try:
        counted = [(limit, f"prove {user.pk}") for limit in throttle.PASSWORD_LINKS]
        throttle.count_try(counted, now)
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        registration.send_password_link(user, site_links(), now)
        messages.success(
            request,
            gettext("We've sent the email. It can take a minute. Check your spam folder too."),
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
    form_class = ChosenPasswordForm  # type: ignore[assignment]  # one field, no form of Django's
    success_url = reverse_lazy("employers:sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        with transaction.atomic():
            registration.taken_back(form.user, now)
            response = super().form_valid(form)
            staff.note_password(form.user, now)
            sign_ins.end_all(form.user)
            if not form.user.is_staff:
                own_password.tell_of_change(form.user, now)
        messages.success(self.request, gettext("Your new password is set. Sign in with it."))
        # This is also the way out of a wait.
        return remember_browser(self.request, response, form.user)

    def get_success_url(self) -> str:
        """Return where the account signs in: staff in the console."""
        user = getattr(self, "user", None)
        is_staff = isinstance(user, User) and user.is_staff
        return reverse("admin:login") if is_staff else super().get_success_url()
