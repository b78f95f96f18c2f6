"""Is the process up, and is everything that it needs?"""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from loyalty.core.availability import RETRY_AFTER_SECONDS
from loyalty.core.doorbell.heartbeat import worker_is_alive
from loyalty.core.doorbell.waiting import seconds_waiting


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError:
        return "away"
    return f"{len(behind)} migrations behind" if behind else "ok"


def _broker() -> str:
    try:
        Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except (RedisError, OSError):
        return "away"
    return "ok"


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations, broker and a worker's heartbeat are all there; else 503.

    `waiting_seconds` tells how long the oldest due work has been waiting; it is a
    gauge, and says nothing of whether requests can be served.
    """
    parts = {"database": _database(), "broker": _broker()}
    parts["worker"] = "ok" if parts["broker"] == "ok" and worker_is_alive() else "no heartbeat"
    ready = all(state == "ok" for state in parts.values())
    gauge = {"waiting_seconds": seconds_waiting(timezone.now()) if parts["database"] == "ok" else None}
    response = JsonResponse(parts | gauge, status=200 if ready else 503)
    if not ready:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
