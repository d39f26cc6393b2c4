"""Which address leads to which page about an employer's downloads?"""

from django.urls import path

from downloads import views

app_name = "downloads"
urlpatterns = [
    path("restriction/", views.restriction, name="restriction"),
]
