from django.urls import path

from accounts.intake.hooks import pages
from accounts.sources.rules import Scheme

urlpatterns = [
    path("<int:source_id>", pages.receive, name="webhook"),
    path("hubspot/<int:source_id>", pages.receive, {"scheme": Scheme.HUBSPOT}, name="webhook-hubspot"),
    path("zendesk/<int:source_id>", pages.receive, {"scheme": Scheme.ZENDESK}, name="webhook-zendesk"),
]
