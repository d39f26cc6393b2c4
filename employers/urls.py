"""Which address leads to which page of an account?"""

from django.urls import URLPattern

app_name = "employers"
urlpatterns: list[URLPattern] = []
