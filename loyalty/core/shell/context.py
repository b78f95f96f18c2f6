"""What every page shows around itself: navigation with counts, the person."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": {"nav": []}}
