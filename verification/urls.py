"""Which address leads to which page of a case?"""

from django.urls import path

from verification import views

app_name = "verification"
urlpatterns = [
    path("", views.home, name="home"),
    path("status/", views.status, name="status"),
    path("help/", views.help_page, name="help"),
    path("declare/", views.declare, name="declare"),
    path("start/", views.start, name="start"),
    path("documents/", views.upload, name="upload"),
    path("documents/<uuid:document_id>/remove/", views.remove_document, name="remove_document"),
    path("documents/<uuid:document_id>/restore/", views.restore_document, name="restore_document"),
    path("documents/<uuid:document_id>/pages/<int:number>/", views.page_image, name="page_image"),
    path("submit/", views.submit, name="submit"),
    path("withdraw/", views.withdraw, name="withdraw"),
    path("appeal/", views.appeal, name="appeal"),
]
