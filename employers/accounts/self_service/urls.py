"""The URLs of one's own account."""

from django.urls import path

from employers.accounts.self_service import (
    factor_views,
    fresh_code_views,
    leaving_views,
    passkey_views,
    views,
)

urlpatterns = [
    path("", views.account, name="account"),
    path("password/", views.password, name="own_password"),
    path("email/", views.address, name="own_address"),
    path("email/cancel/", views.cancel_address, name="cancel_address"),
    path("email/confirm/<str:token>/", views.confirm_address, name="confirm_address"),
    path("email/stop/<str:token>/", views.stop_address, name="stop_address"),
    path("phone/", views.phone, name="own_phone"),
    path("confirm/", fresh_code_views.enter_fresh_code, name="fresh_code"),
    path("second-factor/", factor_views.factor, name="second_factor"),
    path("passkeys/add/", passkey_views.add_passkey, name="add_passkey"),
    path("passkeys/<uuid:passkey_id>/remove/", passkey_views.remove_passkey, name="remove_passkey"),
    path("leave/", leaving_views.leave, name="leave"),
    path("delete/", leaving_views.delete, name="delete_account"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/others/end/", views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<uuid:sign_in_id>/end/", views.end_session, name="end_session"),
]
