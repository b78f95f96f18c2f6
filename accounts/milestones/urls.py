from django.urls import path

from accounts.milestones import key_action_pages, pages

urlpatterns = [
    path("", pages.milestones, name="milestones"),
    path("new/", pages.new, name="milestone-new"),
    path("preview", pages.preview, name="milestone-preview"),
    path("key-actions/", key_action_pages.key_actions, name="key-actions"),
    path("<int:milestone_id>/", pages.milestone, name="milestone"),
    path("<int:milestone_id>/edit", pages.edit, name="milestone-edit"),
]
