from django.urls import path

from accounts.intake import api, openapi_page

CHANNELS = ("track", "identify", "group", "page", "screen", "alias", "batch", "import")

urlpatterns = [
    *(path(channel, api.receive, {"channel": channel}, name=f"v1-{channel}") for channel in CHANNELS),
    path("openapi.json", openapi_page.openapi, name="openapi"),
]
