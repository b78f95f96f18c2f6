from django.urls import path

from loyalty.core.jobs import pages

urlpatterns = [
    path("", pages.jobs, name="jobs"),
    path("<int:job_id>/", pages.job, name="job"),
    path("<int:job_id>/progress", pages.job_progress, name="job-progress"),
    path("<int:job_id>/cancel", pages.cancel, name="job-cancel"),
]
