from django.urls import path

from accounts.referrals import pages

urlpatterns = [path("referrals/", pages.referrals, name="referrals")]
