from django.urls import path

from rewards.approvals.required import pages

urlpatterns = [
    path("", pages.rules, name="approval-rules"),
    path("new/", pages.new, name="approval-rule-new"),
    path("<int:rule_id>/", pages.rule, name="approval-rule"),
]
