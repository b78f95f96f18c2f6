"""dj-stripe's webhook, measured in an environment of its own: a script, told what to do by its environment.

Stripe is not asked over a network: what dj-stripe fetches is answered from
memory at once, which is faster than it can ever be. Each number on its input
is a turn to take; each answer is one line of JSON.
"""

import json
import os
import sys
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.urls import include, path

SECRET = "whsec_of_the_benchmark"
TOLERANCE = 300

urlpatterns: list[Any] = []


def main() -> None:
    """Send the events of the turns that are asked for, one after the other, to dj-stripe's own view."""
    given = json.loads(Path(os.environ["PEER_EVENTS"]).read_text())
    settings.configure(
        SECRET_KEY="of-the-benchmark-only",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["PEER_DATABASE"])}},
        STRIPE_TEST_SECRET_KEY="sk_test_" + "0" * 24,
        STRIPE_LIVE_MODE=False,
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    urlpatterns.append(path("stripe/", include("djstripe.urls", namespace="djstripe")))
    objects = given["objects"]
    _answer_from_memory(objects)
    address = _endpoint()
    _send(address, given["warm_up"])
    from djstripe.models import Subscription

    def tell(seconds: float) -> None:
        told: dict[str, Any] = {"seconds": seconds, "subscriptions": Subscription.objects.count()}
        told["versions"] = {name: version(name) for name in ("dj-stripe", "stripe", "django")}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    tell(0.0)
    for line in sys.stdin:
        started = time.perf_counter()
        _send(address, given["turns"][int(line)])
        tell(time.perf_counter() - started)


def _send(address: str, events: list[dict[str, Any]]) -> None:
    from django.test import Client
    from stripe import WebhookSignature

    client = Client()
    for event in events:
        body = json.dumps(event)
        stamp = int(time.time())
        signature = WebhookSignature._compute_signature(f"{stamp}.{body}", SECRET)
        header = {"Stripe-Signature": f"t={stamp},v1={signature}"}
        answer = client.post(address, body, content_type="application/json", headers=header)
        if answer.status_code != 200:
            raise RuntimeError(f"dj-stripe answered {answer.status_code}")


def _endpoint() -> str:
    from djstripe.models import WebhookEndpoint

    name = uuid.uuid4()
    WebhookEndpoint.objects.create(
        id="we_1",
        djstripe_uuid=name,
        secret=SECRET,
        livemode=False,
        url="https://example.test/",
        enabled_events=["*"],
        status="enabled",
    )
    return f"/stripe/webhook/{name}/"


def _answer_from_memory(objects: dict[str, Any]) -> None:
    import stripe

    class Memory(stripe.HTTPClient):
        name = "memory"

        def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> tuple[bytes, int, Any]:
            wanted = url.partition("?")[0].rpartition("/")[2]
            found = objects.get(wanted)
            if found is None:
                found = {"object": "list", "data": [], "has_more": False, "url": url}
            return json.dumps(found).encode(), 200, {"Request-Id": "req_1"}

    stripe.default_http_client = Memory()


if __name__ == "__main__":
    main()
