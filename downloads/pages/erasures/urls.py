"""URLs of an employer's erase orders."""

from django.urls import path

from downloads.pages.erasures import views

app_name = "erasures"
urlpatterns = [
    path("", views.orders, name="list"),
    path("<uuid:order_id>/", views.answer, name="answer"),
]
