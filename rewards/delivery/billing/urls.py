from django.urls import path

from rewards.delivery.billing import pages

urlpatterns = [
    path("", pages.billing, name="billing"),
    path("disconnect", pages.forget, name="billing-disconnect"),
]
