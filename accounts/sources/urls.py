from django.urls import path

from accounts.sources import pages

urlpatterns = [
    path("", pages.sources, name="sources"),
    path("new", pages.new_source, name="source-new"),
    path("<int:source_id>/key", pages.new_key, name="source-key-new"),
    path("keys/<int:key_id>/revoke", pages.revoke_key, name="source-key-revoke"),
]
