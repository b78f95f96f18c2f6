from django.urls import path

from accounts.contacts import account_pages

urlpatterns = [path("<int:account_id>/contacts/", account_pages.contacts, name="account-contacts")]
