from django.urls import path

from rewards.campaigns import pages

urlpatterns = [
    path("", pages.campaigns, name="campaigns"),
    path("<int:campaign_id>/", pages.campaign, name="campaign"),
]
