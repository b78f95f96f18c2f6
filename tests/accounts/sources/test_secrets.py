"""Signing secrets: kept sealed, shown once, rotated with overlap."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from accounts.sources.models import SourceSecret
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import PURPOSE, keep_secret, make_secret, revoke_secret, signer_of
from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.sealing import seal, unseal
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def secrets_of(source_id: int, in_hours: float = 0, scheme: Scheme = Scheme.STANDARD) -> tuple[str, ...]:
    signer = signer_of(source_id, scheme, now=timezone.now() + timedelta(hours=in_hours))
    assert signer is not None
    return signer.secrets


def test_a_secret_is_stored_sealed_and_comes_back(administrator: User) -> None:
    source = SourceFactory(kinds=[Kind.SUPPORT])
    secret = make_secret(source, acting_user=administrator)
    kept = SourceSecret.objects.get()
    assert secret not in kept.sealed
    assert (kept.hint, kept.scheme, unseal(kept.sealed, PURPOSE)) == (secret[-4:], "standard", secret)
    signer = signer_of(source.pk, Scheme.STANDARD, now=timezone.now())
    assert signer is not None
    assert (signer.sender.name, signer.sender.records) == (source.name, frozenset({Kind.SUPPORT}))
    assert signer.secrets == (secret,)
    line = AuditLine.objects.get(verb="source_signing_set")
    assert line.actor == administrator
    assert secret not in str(line.before) + str(line.after)


def test_there_is_no_signer_without_a_source() -> None:
    assert signer_of(2**31, Scheme.STANDARD, now=timezone.now()) is None


def test_secrets_overlap_while_they_rotate_and_each_scheme_has_its_own(administrator: User) -> None:
    source = SourceFactory()
    with time_machine.travel("2026-03-01T00:00:00Z", tick=False):
        first = make_secret(source, acting_user=administrator)
        keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
        second = make_secret(source, acting_user=administrator)
        assert secrets_of(source.pk) == (second, first)
        assert secrets_of(source.pk, in_hours=23.9) == (second, first)
        assert secrets_of(source.pk, in_hours=24) == (second,)
        assert secrets_of(source.pk, in_hours=999, scheme=Scheme.STRIPE) == (SECRET,)


def test_the_same_secret_is_not_set_twice(administrator: User) -> None:
    source = SourceFactory()
    keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
    with pytest.raises(DomainError, match="set already"):
        keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
    assert SourceSecret.objects.get().expires_at is None


def test_a_revoked_secret_works_no_longer(administrator: User) -> None:
    source = SourceFactory()
    kept = keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
    revoke_secret(kept, acting_user=administrator)
    assert secrets_of(source.pk, scheme=Scheme.STRIPE) == ()
    assert AuditLine.objects.filter(verb="source_signing_revoked").count() == 1
    with pytest.raises(DomainError, match="already"):
        revoke_secret(kept, acting_user=administrator)


def test_only_administrators_set_and_revoke(administrator: User, cs: User) -> None:
    source = SourceFactory()
    kept = keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
    for attempt in (
        lambda: make_secret(source, acting_user=cs),
        lambda: keep_secret(source, Scheme.HUBSPOT, "other", acting_user=cs),
        lambda: revoke_secret(kept, acting_user=cs),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert list(SourceSecret.objects.values_list("hint", "expires_at")) == [(SECRET[-4:], None)]


def test_a_secret_outlives_a_change_of_the_key_only_with_the_fallback(
    settings: LazySettings, administrator: User
) -> None:
    source, sealed = SourceFactory(), seal(SECRET, PURPOSE)
    keep_secret(source, Scheme.STRIPE, SECRET, acting_user=administrator)
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    assert unseal(sealed, PURPOSE) is None
    assert secrets_of(source.pk, scheme=Scheme.STRIPE) == ()
    settings.SECRET_KEY_FALLBACKS = [earlier]
    assert unseal(sealed, PURPOSE) == SECRET
    assert secrets_of(source.pk, scheme=Scheme.STRIPE) == (SECRET,)
