from django.urls import path

from accounts.intake.stripe import pages

urlpatterns = [path("<int:source_id>", pages.receive, name="webhook-stripe")]
