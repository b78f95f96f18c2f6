from django.urls import path

from accounts.book import adding, pages

urlpatterns = [
    path("", pages.accounts, name="accounts"),
    path("new/", adding.new_account, name="account-new"),
    path("<int:account_id>/", pages.account, name="account"),
]
