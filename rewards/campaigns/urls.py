from django.urls import path

from rewards.campaigns import editing_pages, life_pages, matches_pages, pages, trial_pages

urlpatterns = [
    path("", pages.campaigns, name="campaigns"),
    path("compare/", pages.compare, name="campaigns-compare"),
    path("trial/", trial_pages.trial, name="campaigns-trial"),
    path("start/", editing_pages.start, name="campaign-start"),
    path("new/", editing_pages.new, name="campaign-new"),
    path("<int:campaign_id>/", pages.campaign, name="campaign"),
    path("<int:campaign_id>/matches/", matches_pages.matches, name="campaign-matches"),
    path("<int:campaign_id>/edit/", editing_pages.edit, name="campaign-edit"),
    path("<int:campaign_id>/move", life_pages.move, name="campaign-move"),
    path("<int:campaign_id>/approve", life_pages.approve, name="campaign-approve"),
]
