"""Is the process up, and is everything that it needs?"""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from loyalty.core.availability import DATABASE_TROUBLE, RETRY_AFTER_SECONDS
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
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            is_read_only = cursor.fetchone() == ("on",)
    except DATABASE_TROUBLE:
        return "away"
    if is_read_only:
        return "read-only"
    return f"{len(behind)} migrations behind" if behind else "ok"


def _waiting_seconds() -> int | None:
    try:
        return seconds_waiting(timezone.now())
    except DATABASE_TROUBLE:
        return None


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
    gauge = {"waiting_seconds": None if parts["database"] == "away" else _waiting_seconds()}
    response = JsonResponse(parts | gauge, status=200 if ready else 503)
    if not ready:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
