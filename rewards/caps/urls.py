from django.urls import path

from rewards.caps import pages

urlpatterns = [
    path("", pages.caps, name="caps"),
    path("new/", pages.new_cap, name="new-cap"),
    path("<int:cap_id>/", pages.cap, name="cap"),
    path("<int:cap_id>/edit/", pages.edit_cap, name="edit-cap"),
]
