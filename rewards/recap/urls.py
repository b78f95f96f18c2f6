from django.urls import path

from rewards.recap import pages

urlpatterns = [path("<int:account_id>/recap/", pages.recap, name="account-recap")]
