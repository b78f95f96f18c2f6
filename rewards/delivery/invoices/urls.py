from django.urls import path

from rewards.delivery.invoices import pages

urlpatterns = [
    path("", pages.invoices, name="invoice-credits"),
    path("<int:credit_id>/", pages.credit, name="invoice-credit"),
    path("<int:credit_id>/again", pages.send_again, name="invoice-credit-again"),
]
