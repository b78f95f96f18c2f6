from django.urls import path

from rewards.ledger import liability_pages

urlpatterns = [path("", liability_pages.liability, name="liability")]
