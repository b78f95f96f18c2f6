from django.urls import path

from accounts.streaks import pages

urlpatterns = [
    path("streaks/", pages.streaks, {"kind": "streak"}, name="streaks"),
    path("tracks/", pages.streaks, {"kind": "track"}, name="tracks"),
    path("streaks/new/", pages.new, {"kind": "streak"}, name="streak-new"),
    path("tracks/new/", pages.new, {"kind": "track"}, name="track-new"),
    path("streaks/preview", pages.preview, {"kind": "streak"}, name="streak-preview"),
    path("tracks/preview", pages.preview, {"kind": "track"}, name="track-preview"),
    path("streaks/<int:streak_id>/", pages.streak, name="streak"),
    path("streaks/<int:streak_id>/edit", pages.edit, name="streak-edit"),
]
