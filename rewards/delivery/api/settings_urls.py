from django.urls import path

from rewards.delivery.api import pages

urlpatterns = [
    path("", pages.keys, name="api-keys"),
    path("<int:key_id>/revoke", pages.revoke, name="api-key-revoke"),
]
