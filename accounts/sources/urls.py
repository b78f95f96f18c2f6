from django.urls import path

from accounts.sources import pages, signing_pages

urlpatterns = [
    path("", pages.sources, name="sources"),
    path("new", pages.new_source, name="source-new"),
    path("<int:source_id>/key", pages.new_key, name="source-key-new"),
    path("<int:source_id>/record", pages.set_record, name="source-record"),
    path("<int:source_id>/expected", pages.set_expectation, name="source-expectation"),
    path("keys/<int:key_id>/revoke", pages.revoke_key, name="source-key-revoke"),
    path("<int:source_id>/signing", signing_pages.signing, name="source-signing"),
    path("secrets/<int:secret_id>/revoke", signing_pages.revoke, name="source-secret-revoke"),
]
