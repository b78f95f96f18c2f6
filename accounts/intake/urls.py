from django.urls import path

from accounts.intake import pages
from accounts.intake.queries import EVENT, PROFILE, REFUSED

urlpatterns = [
    path("", pages.events, name="events"),
    path("event/<int:arrival_id>/", pages.arrival, {"kind": EVENT}, name="event"),
    path("profile-call/<int:arrival_id>/", pages.arrival, {"kind": PROFILE}, name="profile-call"),
    path("refused/<int:arrival_id>/", pages.arrival, {"kind": REFUSED}, name="refused-item"),
]
