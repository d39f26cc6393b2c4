"""Which address leads to which page of this room?"""

from __future__ import annotations

from django.urls import path

from downloads import views

app_name = "downloads"
urlpatterns = [path("calls/<slug:provider>/<slug:secret>", views.calls, name="calls")]
