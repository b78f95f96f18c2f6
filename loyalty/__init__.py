"""Behaviour-based loyalty for SaaS companies."""

from loyalty.celery import app as celery_app

__all__ = ["celery_app"]
