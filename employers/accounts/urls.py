"""The URLs of the account pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from employers.accounts import views

app_name = "employers"
urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("healthz", views.healthz, name="healthz"),
    path("language/", views.language, name="language"),
    path("register/", views.register, name="register"),
    path("register/code/", views.check_code, name="check_code"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("verify-email/resend/", views.resend_verification, name="resend_verification"),
    path("verify-email/<str:token>/", views.verify_email, name="verify_email"),
    path("join/<str:token>/", views.join, name="join"),
    path("team/", views.team, name="team"),
    path("team/phone/", views.my_phone, name="my_phone"),
    path("team/<uuid:member_id>/remove/", views.remove_member, name="remove_member"),
    path("password/", views.PasswordReset.as_view(), name="password_reset"),
    path("password/sent/", views.PasswordResetDone.as_view(), name="password_reset_done"),
    path(
        "password/<str:uidb64>/<str:token>/",
        views.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
]
