"""An open request is written anew in the form of its room: it keeps its number, and approvals that it had are void."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import kinds
from loyalty.core.changes.rules import changed_fields
from loyalty.core.changes.verbs import approve, set_day
from loyalty.core.people.models import User
from tests.accounts.conditions.page_fields import Fields
from tests.factories import CapFactory
from tests.url_matrix import EXPECTED, make_samples

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = datetime.now(UTC)

# What is proposed is to open a month again: there is nothing else to say of it.
NOTHING_TO_REWRITE = {"closed_month"}
# Rooms with a form of several parts, which test it themselves.
TESTED_THERE = {"campaign", "milestone", "reward", "segment", "streak", "tier_scheme"}

# By kind: the page with the form, a field of it, and two other values of that field (the reason differs anyway).
FORMS: dict[str, tuple[str, str, str, str]] = {
    "approval_rule": ("approval-rule", "name", "Dear ones", "Very dear ones"),
    "approval_times": ("approval-times", "due_working_days", "3", "4"),
    "assumptions": ("assumptions", "gross_margin_self_serve", "71.00", "72.00"),
    "billing_settings": ("invoice-credits", "connector", "file", "file"),
    "breakage_rate": (
        "breakage",
        "effective_on",
        f"{NOW + timedelta(days=40):%Y-%m-%d}",
        f"{NOW + timedelta(days=80):%Y-%m-%d}",
    ),
    "cap": ("edit-cap", "limit", "900.00", "800.00"),
    "fit_rule": ("fit-rule", "kinds", "badge", "beta_access"),
    "journal_codes": ("journal-codes", "credit_liability", "2100", "2200"),
    "key_actions": ("key-actions", "event_names", "Export", "Export\nReport"),
    "points_rate": ("unit-rates", "per_unit", "0.02", "0.03"),
    "score_terms": ("segment-scores", "monetary", "arr", "ltv"),
    "tax_rules": ("tax-thresholds", "lines", "US 2026 1500.00 USD", "US 2026 1000.00 USD"),
    "tier_perks": ("tier-perks", "renewal_credit_percent", "2.50", "3.50"),
}
CHANGED = {"gross_margin_self_serve": "gross_margin", "lines": "thresholds"}


def form_in(page: str, address: str, mark: str) -> tuple[str, Fields]:
    """Where the form with the mark is sent, and what of."""
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if mark in f)
    action = re.search(r'<form[^>]* action="([^"]*)"', form)
    return (action[1].replace("&amp;", "&") if action else address), Fields(form)


def test_every_kind_can_be_written_anew() -> None:
    assert {kind.kind for kind in kinds()} == FORMS.keys() | TESTED_THERE | NOTHING_TO_REWRITE
    assert {kind.kind for kind in kinds() if kind.edit_url is None} == NOTHING_TO_REWRITE


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_the_form_of_the_room_writes_it_anew(
    kind: str, administrator: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    name, field, first, second = FORMS[kind]
    samples, client = make_samples(product_colleague), signed_in_as(administrator)
    address = reverse(name, kwargs=EXPECTED[name].arguments(samples))
    where, fields = form_in(client.get(address).content.decode(), address, 'name="draft"')
    sent = fields.query(**{field: first, "reason": "At first"})
    assert client.post(where, sent).status_code == 302
    change = ChangeRequest.objects.get(kind=kind)
    changed = set(changed_fields(change.before, change.proposed))
    assert changed == {CHANGED.get(field, field)} or kind == "points_rate", (change.before, change.proposed)
    page = client.get(reverse("change", args=[change.pk])).content.decode()
    link = re.search(r'href="([^"]*)">(?:(?!</a>).)*Edit the proposal', page, re.S)
    assert link, kind
    address = link[1].replace("&amp;", "&")
    page = client.get(address).content.decode()
    where, fields = form_in(page, address, 'name="change"')
    assert "Keep as draft" not in page
    begun = fields.query()
    assert (begun[field], begun["reason"], begun["change"]) == (first, "At first", str(change.pk))
    answer = client.post(where, fields.query(**{field: second, "reason": "On second thoughts"}))
    assert answer["Location"] == reverse("change", args=[change.pk])
    before = change.proposed
    change.refresh_from_db()
    assert (change.state, change.reason) == ("pending", "On second thoughts")
    assert (change.proposed == before) == (first == second)
    assert AuditLine.objects.get(object_type="change", object_id=str(change.pk), verb="change_edited").actor
    assert ChangeRequest.objects.filter(kind=kind).count() == 1
    if first == second:
        return
    # What was on the screen before is not what stands now.
    assert client.post(where, fields.query(**{field: second, "reason": "Again"})).status_code in (409, 422)
    change.refresh_from_db()
    assert change.reason == "On second thoughts"


def test_writing_it_anew_voids_the_approval(product: User, finance: User, signed_in_as: SignIn) -> None:
    cap = CapFactory()
    client, address = signed_in_as(product), reverse("edit-cap", args=[cap.pk])
    form = {"name": cap.name, "limit": "900.00", "at_the_cap": "refuse", "state": "on", "reason": "Less"}
    client.post(address, form)
    change = ChangeRequest.objects.get()
    later = (timezone.now() + timedelta(days=9)).date()
    change = set_day(change.pk, later, digest=change.digest, acting_user=product)
    assert approve(change.pk, digest=change.digest, acting_user=finance).state == "approved"
    change.refresh_from_db()
    anew = form | {"limit": "700.00", "reason": "Even less", "change": str(change.pk), "digest": change.digest}
    client.post(address, anew)
    change.refresh_from_db()
    cap.refresh_from_db()
    assert (change.state, change.decided_by, change.proposed["limit"]) == ("pending", None, "700.00")
    assert f"{cap.limit}" == "1000.00"
