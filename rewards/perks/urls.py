from django.urls import path

from rewards.perks import pages

urlpatterns = [
    path("<int:tier_id>/perks/", pages.perks, name="tier-perks"),
    path("<int:tier_id>/perks/brief", pages.brief, name="tier-perks-brief"),
]
