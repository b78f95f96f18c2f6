from django.urls import path

from rewards.delivery.api import views

urlpatterns = [
    path("accounts/<path:external_id>/rewards", views.rewards, name="v1-rewards"),
    path("redemptions", views.redemptions, name="v1-redemptions"),
]
