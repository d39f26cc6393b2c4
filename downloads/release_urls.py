"""Which address leads to a copy?"""

from __future__ import annotations

from django.urls import path

from downloads import views

app_name = "releases"
urlpatterns = [path("<str:token>", views.open_copy, name="open")]
