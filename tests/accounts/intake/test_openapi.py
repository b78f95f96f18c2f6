"""The OpenAPI document: valid, whole, and true; and whatever it lets programs send never breaks the server."""

import json
import time
from typing import Any

import pytest
import schemathesis
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core import NotSet
from stripe import WebhookSignature

from accounts.intake.hooks.models import HookCall
from accounts.intake.hooks.shapes import SHAPES
from accounts.intake.openapi import document
from accounts.intake.openapi_shapes import Problem, Taken
from accounts.sources.models import Source
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from tests.accounts.intake.conftest import basic
from tests.accounts.intake.hooks.conftest import SECRET, signed
from tests.factories import SourceFactory

# Bodies by the document, and bodies against it.
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
EXAMPLES = 4
SETTINGS = settings(derandomize=True, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
CALLS = ["track", "identify", "group", "page", "screen", "alias", "batch", "import"]


def test_it_is_a_valid_document() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_it_is_public_json(client: Client) -> None:
    answer = client.get("/v1/openapi.json")
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(document()))


def test_it_tells_every_way_in() -> None:
    ways = {
        f"/{outer.pattern}{inner.pattern}".replace("<int:source_id>", "{source_id}").replace(
            "<path:external_id>", "{external_id}"
        )
        for outer in get_resolver().url_patterns
        if str(outer.pattern) in {"v1/", "webhooks/"}
        for inner in outer.url_patterns
    }
    told = {path for path in document()["paths"] if "stripe" not in path}
    assert {way for way in ways if "stripe" not in way} == told


def test_stripe_is_answered_as_it_says(client: Client, db: None) -> None:
    source = SourceFactory(kinds=[Kind.SUBSCRIPTION])
    keep_secret(source, Scheme.STRIPE, "whsec_of_stripe", acting_user=None)
    told = document()["paths"]["/webhooks/stripe/{source_id}"]["post"]["responses"]
    body = json.dumps({"id": "evt_1", "type": "customer.updated"})
    header = WebhookSignature.generate_signature_header(body, "whsec_of_stripe", timestamp=int(time.time()))
    for signature, status, shape in ((header, 200, Taken), ("t=1,v1=0", 400, Problem)):
        answer = client.post(
            f"/webhooks/stripe/{source.pk}",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )
        assert answer.status_code == status
        shape.model_validate(answer.json())
        assert told[str(status)]["content"]["application/json"]["schema"]["$ref"].endswith(shape.__name__)
    assert "401" not in told
    assert "Stripe-Signature" in told["400"]["description"]


def test_every_field_of_every_record_is_told() -> None:
    schemas = document()["components"]["schemas"]
    for shape in SHAPES.values():
        told = schemas[shape.__name__]
        assert set(told["properties"]) == set(shape.model_fields)
        assert told["additionalProperties"] is False
        assert not [name for name, described in told["properties"].items() if "default" in described]


def bodies(path: str) -> st.SearchStrategy[Any]:
    operation = schemathesis.openapi.from_dict(document())[path]["POST"]
    return st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES))


def text_of(body: Any) -> bytes:
    """What a program would send, as far as UTF-8 can carry it."""
    if isinstance(body, bytes):
        return body.decode("utf-8", "replace").encode()
    return b"" if isinstance(body, NotSet) else json.dumps(body).encode()


@pytest.mark.django_db
@pytest.mark.parametrize("channel", CALLS)
def test_no_call_breaks_the_server(client: Client, channel: str) -> None:
    SourceFactory(name="Product", kinds=[Kind.USAGE, Kind.ACCOUNT], key="key")

    @settings(SETTINGS, max_examples=EXAMPLES)
    @given(bodies(f"/v1/{channel}"))
    def run(case: Any) -> None:
        headers = {"Authorization": basic("key")}
        answer = client.post(f"/v1/{channel}", text_of(case.body), content_type="application/json", headers=headers)
        assert answer.status_code in {200, 400, 413}

    run()


@pytest.mark.django_db
def test_no_record_breaks_the_server(client: Client) -> None:
    source: Source = SourceFactory(name="CRM", kinds=[Kind.ACCOUNT, Kind.SUPPORT, Kind.FEEDBACK])
    keep_secret(source, Scheme.STANDARD, SECRET, acting_user=None)
    accepted = []

    @settings(SETTINGS, max_examples=60)
    @given(bodies("/webhooks/{source_id}"))
    def run(case: Any) -> None:
        body = text_of(case.body)
        headers = signed(body, f"msg-{HookCall.objects.count()}-{len(accepted)}")
        answer = client.post(f"/webhooks/{source.pk}", body, content_type="application/json", headers=headers)
        assert answer.status_code in {200, 400, 409, 413}
        accepted.append(answer.json().get("accepted", 0))

    run()
    assert len(accepted) >= 60
