from django.urls import path

from loyalty.core.notices import pages

urlpatterns = [
    path("inbox/", pages.inbox, name="inbox"),
    path("inbox/read", pages.read_all, name="inbox-read"),
    path("inbox/<int:notice_id>/read", pages.read, name="notice-read"),
    path("settings/notices/", pages.choice, name="settings-notices"),
]
