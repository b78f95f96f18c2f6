from django.urls import path

from loyalty.core.changes import pages

urlpatterns = [
    path("", pages.changes, name="changes"),
    path("<int:change_id>/", pages.change, name="change"),
    path("<int:change_id>/decide", pages.decide, name="change-decide"),
    path("<int:change_id>/submit", pages.submit, name="change-submit"),
    path("<int:change_id>/day", pages.set_day, name="change-day"),
    path("<int:change_id>/restore", pages.restore, name="change-restore"),
    path("<int:change_id>/withdraw", pages.withdraw, name="change-withdraw"),
    path("<int:change_id>/comment", pages.comment, name="change-comment"),
]
