from django.urls import path

from rewards.catalogue import pages

urlpatterns = [
    path("", pages.rewards, name="rewards"),
    path("new/", pages.new, name="reward-new"),
    path("<int:reward_id>/", pages.reward, name="reward"),
    path("<int:reward_id>/edit", pages.edit, name="reward-edit"),
]
