from django.urls import path

from rewards.affordability import pages

urlpatterns = [
    path("", pages.affordability, name="affordability"),
    path("assumptions", pages.assumptions, name="assumptions"),
]
