from django.urls import path

from rewards.tax import pages

urlpatterns = [
    path("", pages.tax, name="tax"),
    path("thresholds", pages.thresholds, name="tax-thresholds"),
    path("contacts/<int:contact_id>/", pages.person, name="tax-person"),
]
