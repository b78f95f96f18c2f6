from django.urls import path

from rewards.delivery.tasks import pages

urlpatterns = [
    path("", pages.tasks, name="tasks"),
    path("<int:task_id>/", pages.task, name="task"),
]
