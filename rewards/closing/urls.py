from django.urls import path

from rewards.closing import pages

urlpatterns = [
    path("close/", pages.months, name="close"),
    path("close/codes/", pages.codes, name="journal-codes"),
    path("close/<int:closed_id>/reopen", pages.reopen, name="month-reopen"),
    path("close/<int:year>-<int:month>/", pages.close, name="month-close"),
    path("close/<int:year>-<int:month>/journal", pages.journal, name="month-journal"),
    path("close/<int:year>-<int:month>/pack", pages.pack, name="month-pack"),
]
