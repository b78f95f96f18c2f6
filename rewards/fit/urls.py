from django.urls import path

from rewards.fit import pages

urlpatterns = [
    path("", pages.matrix, name="fit"),
    path("new/", pages.new, name="fit-rule-new"),
    path("<int:rule_id>/", pages.rule, name="fit-rule"),
]
