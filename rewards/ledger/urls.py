from django.urls import path

from rewards.ledger import correcting_pages, pages

urlpatterns = [
    path("", pages.ledger, name="ledger"),
    path("<int:posting_id>/", pages.posting, name="posting"),
    path("<int:posting_id>/reverse", correcting_pages.reverse, name="posting-reverse"),
]
