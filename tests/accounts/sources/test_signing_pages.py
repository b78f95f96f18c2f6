"""What administrators do with signing secrets, and what nobody sees again."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.sources.models import Source, SourceSecret
from accounts.sources.rules import Scheme
from accounts.sources.secrets import keep_secret, signer_of
from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db
GIVEN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def desk(administrator: User, signed_in_as: Callable[[User], Client]) -> Client:
    return signed_in_as(administrator)


def secrets_of(source: Source, scheme: Scheme) -> tuple[str, ...]:
    signer = signer_of(source.pk, scheme, now=timezone.now())
    return signer.secrets if signer else ()


def test_a_made_secret_is_shown_once_with_the_address_and_reloading_makes_no_other(desk: Client) -> None:
    source = SourceFactory()
    address = f"/sources/{source.pk}/signing"
    assert desk.post(address, {"scheme": "standard", "secret": ""})["Location"] == address
    answer = desk.get(address)
    (secret,) = re.findall(r'class="secret">(whsec_[\w+/=]+)<', answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    assert secrets_of(source, Scheme.STANDARD) == (secret,)
    again = desk.get(address).content.decode()
    assert secret not in again
    assert f"…{secret[-4:]}" in again
    assert f"http://testserver/webhooks/{source.pk}<" in again
    assert f"http://testserver/webhooks/stripe/{source.pk}<" in again
    assert SourceSecret.objects.count() == 1


@pytest.mark.parametrize(
    ("scheme", "secret", "problem"),
    [
        ("standard", "whsec_AAAA", "at least 24 bytes"),
        ("standard", "sk_live", "whsec_"),
        ("standard", "whsec_A", "at least 24 bytes"),
        ("stripe", "", "Stripe makes the secret"),
        ("stripe", "sk_live_1", "API key"),
        ("hubspot", "", "HubSpot makes the secret"),
        ("zendesk", "two words", "neither spaces"),
        ("zendesk", "sécret", "neither spaces"),
        ("fax", "x", "not one of the available"),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused(desk: Client, scheme: str, secret: str, problem: str) -> None:
    source = SourceFactory()
    answer = desk.post(f"/sources/{source.pk}/signing", {"scheme": scheme, "secret": secret})
    assert answer.status_code == 422
    assert problem in str(answer.context["form"].errors)
    assert SourceSecret.objects.count() == 0


@pytest.mark.parametrize("scheme", [Scheme.STANDARD, Scheme.STRIPE, Scheme.HUBSPOT])
def test_a_given_secret_is_set_and_never_shown(desk: Client, scheme: Scheme) -> None:
    source = SourceFactory()
    form = {"scheme": scheme.value, "secret": GIVEN}
    answer = desk.post(f"/sources/{source.pk}/signing", form, follow=True)
    assert GIVEN not in answer.content.decode()
    assert secrets_of(source, scheme) == (GIVEN,)
    assert desk.post(f"/sources/{source.pk}/signing", form).status_code == 422
    assert GIVEN not in str(list(AuditLine.objects.values("before", "after")))


def test_a_secret_is_revoked(desk: Client) -> None:
    source = SourceFactory()
    kept = keep_secret(source, Scheme.STRIPE, GIVEN, acting_user=None)
    assert desk.post(f"/sources/secrets/{kept.pk}/revoke")["Location"] == f"/sources/{source.pk}/signing"
    assert secrets_of(source, Scheme.STRIPE) == ()
    assert "already" in desk.post(f"/sources/secrets/{kept.pk}/revoke", follow=True).content.decode()


def test_others_may_not(product: User, signed_in_as: Callable[[User], Client]) -> None:
    source = SourceFactory()
    kept = keep_secret(source, Scheme.STRIPE, GIVEN, acting_user=None)
    client = signed_in_as(product)
    assert client.get(f"/sources/{source.pk}/signing").status_code == 403
    assert client.post(f"/sources/{source.pk}/signing", {"scheme": "standard", "secret": ""}).status_code == 403
    assert client.post(f"/sources/secrets/{kept.pk}/revoke").status_code == 403
    assert "Webhooks and their secrets" not in client.get(f"/sources/{source.pk}/").content.decode()
    assert secrets_of(source, Scheme.STRIPE) == (GIVEN,)
    assert SourceSecret.objects.count() == 1
