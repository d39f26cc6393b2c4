"""The URLs of the account pages."""

from django.urls import include, path

from employers.accounts import team_views, views
from employers.accounts.phones import views as phone_views
from employers.accounts.self_service import confirmation_views, factor_views
from events.delivery.sms import sms_ready

app_name = "employers"
urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("healthz", views.healthz, name="healthz"),
    path("language/", views.language, name="language"),
    path("register/", views.register, name="register"),
    path(
        "register/phone/", phone_views.PhoneSignIn.as_view(registers=True), name="register_by_phone"
    ),
    path("register/code/", views.check_code, name="check_code"),
    path("register/address/", confirmation_views.await_address, name="await_address"),
    path("sign-in/", views.SignIn.as_view(extra_context={"by_phone": sms_ready}), name="sign_in"),
    path("sign-in/phone/", phone_views.PhoneSignIn.as_view(), name="sign_in_by_phone"),
    path("sign-in/phone/confirm/", phone_views.stale, name="sign_in_stale"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("sign-in/second-factor/", factor_views.second_step, name="second_step"),
    path(
        "verify-email/resend/", confirmation_views.resend_verification, name="resend_verification"
    ),
    path("verify-email/<str:token>/", confirmation_views.verify_email, name="verify_email"),
    path("join/<str:token>/", team_views.join, name="join"),
    path("j/<str:key>", team_views.join_by_phone, name="join_by_phone"),
    path("account/", include("employers.accounts.self_service.urls")),
    path("team/", team_views.team, name="team"),
    path("team/<uuid:member_id>/remove/", team_views.remove_member, name="remove_member"),
    path("team/<uuid:member_id>/make-owner/", team_views.make_owner, name="make_owner"),
    path("team/<uuid:member_id>/reset-factor/", team_views.reset_factor, name="reset_factor"),
    path(
        "team/invitations/<uuid:invitation_id>/again/", team_views.invite_again, name="invite_again"
    ),
    path(
        "team/invitations/<uuid:invitation_id>/cancel/",
        team_views.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("prove/", views.prove_yourself, name="prove_yourself"),
    path(
        "password/",
        views.PasswordReset.as_view(extra_context={"by_phone": sms_ready}),
        name="password_reset",
    ),
    path("password/sent/", views.PasswordResetDone.as_view(), name="password_reset_done"),
    path(
        "password/<str:uidb64>/<str:token>/",
        views.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
]
