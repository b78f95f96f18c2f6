from django.urls import path

from rewards.rates import pages

urlpatterns = [
    path("rates/", pages.rates, name="unit-rates"),
    path("rates/keep", pages.keep, name="unit-rate-keep"),
    path("rates/file", pages.upload, name="unit-rates-file"),
    path("rates/points", pages.propose_points, name="points-rate"),
]
