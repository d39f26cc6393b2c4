"""The URLs of one's own account."""

from django.urls import path

from employers.accounts.self_service import factor_views, views

urlpatterns = [
    path("", views.account, name="account"),
    path("password/", views.password, name="own_password"),
    path("email/", views.address, name="own_address"),
    path("email/cancel/", views.cancel_address, name="cancel_address"),
    path("email/confirm/<str:token>/", views.confirm_address, name="confirm_address"),
    path("email/stop/<str:token>/", views.stop_address, name="stop_address"),
    path("phone/", views.phone, name="own_phone"),
    path("second-factor/", factor_views.factor, name="second_factor"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/others/end/", views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<uuid:sign_in_id>/end/", views.end_session, name="end_session"),
]
