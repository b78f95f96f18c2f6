from django.urls import path

from accounts.segments import editing_pages, pages, score_pages

urlpatterns = [
    path("", pages.segments, name="segments"),
    path("new/", editing_pages.new, name="segment-new"),
    path("scores/", score_pages.scores, name="segment-scores"),
    path("<int:segment_id>/", pages.segment, name="segment"),
    path("<int:segment_id>/edit/", editing_pages.edit, name="segment-edit"),
    path("<int:segment_id>/moves/", pages.moves, name="segment-moves"),
]
