from django.urls import path

from rewards.ledger import behind_pages, forecast_pages, liability_pages

urlpatterns = [
    path("", liability_pages.liability, name="liability"),
    path("moved/", behind_pages.moved, name="liability-moved"),
    path("left/", behind_pages.left, name="liability-left"),
    path("forecast/", forecast_pages.forecast, name="liability-forecast"),
]
