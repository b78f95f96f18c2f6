from django.urls import path

from rewards.breakage import pages

urlpatterns = [path("breakage/", pages.breakage, name="breakage")]
