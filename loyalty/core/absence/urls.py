from django.urls import path

from loyalty.core.absence import pages

urlpatterns = [
    path("", pages.absences, name="absences"),
    path("<int:delegation_id>/end", pages.end, name="absence-end"),
]
