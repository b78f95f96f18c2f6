from django.urls import path

from accounts.conditions import pages

urlpatterns = [
    path("build", pages.build, name="rule-build"),
    path("look", pages.look, name="rule-look"),
    path("why", pages.why, name="rule-why"),
]
