from django.urls import path

from accounts.intake import pages, replay_pages
from accounts.intake.files import pages as files
from accounts.intake.queries import EVENT, PROFILE, REFUSED, STRIPE

urlpatterns = [
    path("", pages.events, name="events"),
    path("import/", files.imports, name="imports"),
    path("import/<int:upload_id>/", files.an_import, name="import"),
    path("import/<int:upload_id>/start", files.start, name="import-start"),
    path("import/<int:upload_id>/discard", files.discard, name="import-discard"),
    path("import/<int:upload_id>/refused.csv", files.refused, name="import-refused"),
    path("event/<int:arrival_id>/", pages.arrival, {"kind": EVENT}, name="event"),
    path("profile-call/<int:arrival_id>/", pages.arrival, {"kind": PROFILE}, name="profile-call"),
    path("stripe/<int:arrival_id>/", pages.arrival, {"kind": STRIPE}, name="stripe-call"),
    path("refused/<int:arrival_id>/replay", replay_pages.replay, name="refused-replay"),
    path("refused/<int:arrival_id>/", pages.arrival, {"kind": REFUSED}, name="refused-item"),
]
