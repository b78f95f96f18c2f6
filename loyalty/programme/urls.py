from django.urls import path

from loyalty.programme.home import pages

urlpatterns = [path("", pages.home, name="home")]
