"""What a ring sets off, in order: facts, then milestones, then offers.

Each step finds its work in PostgreSQL and may run twice, or on two workers at once.
"""

from celery import shared_task

from loyalty.core.doorbell import heartbeat


@shared_task(name="loyalty.heartbeat")
def beat_heart() -> None:
    heartbeat.beat()


@shared_task(name="loyalty.react")
def react() -> None:
    pass
