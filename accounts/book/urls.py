from django.urls import path

from accounts.book import pages

urlpatterns = [
    path("", pages.accounts, name="accounts"),
    path("<int:account_id>/", pages.account, name="account"),
]
