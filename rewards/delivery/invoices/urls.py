from django.urls import path

from rewards.delivery.invoices import pages

urlpatterns = [path("", pages.invoices, name="invoice-credits")]
