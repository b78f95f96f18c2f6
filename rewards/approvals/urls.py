from django.urls import path

from rewards.approvals import bulk_pages, handing_pages, pages, queue_pages, working_pages

urlpatterns = [
    path("", queue_pages.offers, name="offers"),
    path("counts/", queue_pages.counts, name="offers-counts"),
    path("choose/", bulk_pages.choose, name="offers-choose"),
    path("decide/", bulk_pages.decide, name="offers-decide"),
    path("undo/", bulk_pages.undo, name="offers-undo"),
    path("views/", queue_pages.keep, name="offers-view-keep"),
    path("views/<int:view_id>/remove", queue_pages.remove, name="offers-view-remove"),
    path("account/<int:account_id>/", pages.account_offers, name="account-offers"),
    path("account/<int:account_id>/contact/<int:contact_id>/", pages.account_offers, name="contact-offers"),
    path("<int:offer_id>/", pages.offer, name="offer"),
    path("<int:offer_id>/decide", pages.decide, name="offer-decide"),
    path("<int:offer_id>/hand", handing_pages.hand, name="offer-hand"),
    path("<int:offer_id>/snooze", working_pages.snooze, name="offer-snooze"),
    path("<int:offer_id>/wake", working_pages.wake, name="offer-wake"),
    path("<int:offer_id>/reassign", working_pages.reassign, name="offer-reassign"),
    path("<int:offer_id>/revise", working_pages.revise, name="offer-revise"),
    path("<int:offer_id>/undo", working_pages.undo, name="offer-undo"),
    path("<int:offer_id>/comment", working_pages.comment, name="offer-comment"),
]
