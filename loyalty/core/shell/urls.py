from django.urls import path

from loyalty.core.shell import pages

urlpatterns = [
    path("search/", pages.search, name="search"),
    path("counts/", pages.counts, name="counts"),
]
