from django.urls import path

from rewards.approvals import handing_pages, pages

urlpatterns = [
    path("", pages.offers, name="offers"),
    path("account/<int:account_id>/", pages.account_offers, name="account-offers"),
    path("account/<int:account_id>/contact/<int:contact_id>/", pages.account_offers, name="contact-offers"),
    path("<int:offer_id>/", pages.offer, name="offer"),
    path("<int:offer_id>/decide", pages.decide, name="offer-decide"),
    path("<int:offer_id>/hand", handing_pages.hand, name="offer-hand"),
]
