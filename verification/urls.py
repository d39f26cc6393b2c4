"""Which address leads to which page of a case?"""

from django.urls import URLPattern

app_name = "verification"
urlpatterns: list[URLPattern] = []
