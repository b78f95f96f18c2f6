from django.urls import path

from rewards.ledger import pages

urlpatterns = [
    path("", pages.ledger, name="ledger"),
    path("<int:posting_id>/", pages.posting, name="posting"),
]
