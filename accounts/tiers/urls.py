from django.urls import path

from accounts.tiers import pages

urlpatterns = [
    path("", pages.tiers, name="tiers"),
    path("edit/", pages.edit, name="tiers-edit"),
    path("preview", pages.preview, name="tiers-preview"),
]
