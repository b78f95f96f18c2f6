from django.urls import path

from loyalty.core.people import pages, you_pages

urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign-in"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("settings/", you_pages.you, name="settings"),
]
