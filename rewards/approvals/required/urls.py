from django.urls import path

from rewards.approvals import times_pages
from rewards.approvals.required import pages

urlpatterns = [
    path("", pages.rules, name="approval-rules"),
    path("times/", times_pages.times, name="approval-times"),
    path("new/", pages.new, name="approval-rule-new"),
    path("<int:rule_id>/", pages.rule, name="approval-rule"),
]
