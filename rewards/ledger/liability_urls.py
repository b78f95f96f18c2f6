from django.urls import path

from rewards.ledger import pages

urlpatterns = [path("", pages.liability, name="liability")]
