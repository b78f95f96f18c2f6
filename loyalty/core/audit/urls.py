from django.urls import path

from loyalty.core.audit import pages

urlpatterns = [
    path("", pages.audit, name="audit"),
    path("<int:line_id>/", pages.audit_line, name="audit-line"),
]
