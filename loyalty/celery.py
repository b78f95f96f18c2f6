"""The Celery application. Tasks are short, take ids, and find their work in PostgreSQL."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")

app = Celery("loyalty")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["loyalty"], related_name="pipeline")
app.conf.beat_schedule = {
    # The beat only rings; two beats ring twice and harm nothing.
    "react": {"task": "loyalty.react", "schedule": 5.0, "options": {"expires": 10}},
    "jobs": {"task": "loyalty.jobs", "schedule": 5.0, "options": {"expires": 10}},
    "sweep": {"task": "loyalty.sweep", "schedule": crontab(hour="0", minute="10"), "options": {"expires": 3600}},
    "heartbeat": {"task": "loyalty.heartbeat", "schedule": 5.0, "options": {"expires": 10}},
}
