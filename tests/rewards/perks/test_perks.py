"""The perks of tiers: who decides what, and what a change would cost in a year."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.segments.verbs import values_of as segment_values
from accounts.tiers.models import Tier, TierMove, TierScheme
from accounts.tiers.queries import csv_rows, holders
from accounts.tiers.rules import SHIPPED, clean_values
from accounts.tiers.verbs import ensure_shipped as ensure_tiers
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.registry import measured_impact
from loyalty.core.changes.verbs import approve
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.perks.models import TierPerks
from rewards.perks.rules import clean_values as clean_perks
from rewards.perks.rules import in_words
from rewards.perks.verbs import ensure_shipped, values_of
from tests.factories import AccountFactory, SegmentFactory

SignIn = Callable[[User], Client]
DAY = date(2026, 11, 14)


@pytest.fixture
def perks(db: None) -> dict[str, TierPerks]:
    ensure_tiers(effective_at=datetime(2026, 1, 1, tzinfo=UTC))
    return {p.tier.key: p for p in ensure_shipped()}


def account(tier: str, seats: int, arr: str, *days: date) -> None:
    made = AccountFactory()
    for day in days or [DAY]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [day, day])
            cursor.execute(
                "INSERT INTO accounts_accountfacts (day, account_id, tier, seats_active, arr, monetary_score)"
                " VALUES (%s, %s, %s, %s, %s, 3)",
                [day, made.pk, tier or None, seats, arr],
            )


def test_until_the_night_has_come_by_impacts_count_those_who_did_nothing_today_too(
    perks: dict[str, TierPerks],
) -> None:
    """Three hold Gold since yesterday; one of them was the first to do something today."""
    yesterday = DAY - timedelta(days=1)
    account("gold", 50, "10000.00", yesterday, DAY)
    account("gold", 50, "20000.00", yesterday)
    account("gold", 50, "30000.00", yesterday)

    scheme = TierScheme.objects.get()
    held, without = holders(scheme.scheme, DAY)
    assert ([(h.step.key, h.accounts, h.arr) for h in held if h.accounts], without) == ([("gold", 3, 60000)], 0)
    assert len(list(csv_rows(scheme.scheme, DAY))) == 3
    higher = [{**tier, "minimum": "60"} if tier["key"] == "gold" else tier for tier in SHIPPED["tiers"]]
    assert "Moves 3 accounts: " in measured_impact("tier_scheme", scheme.pk, {**scheme.values, "tiers": higher})[1]
    credit = {**values_of(perks["gold"]), "renewal_credit_percent": "4"}
    assert measured_impact("tier_perks", perks["gold"].pk, credit)[0].startswith("3 accounts hold Gold; ")
    assert measured_impact("score_terms", 1, {"monetary": "arr"})[0].endswith(" of 3.")
    seated = {"op": "compare", "fact": "seats_active", "is": ">=", "value": "10"}
    segment = SegmentFactory(rule=seated, status="draft")
    impact = measured_impact("segment", segment.pk, {**segment_values(segment), "status": "live"})
    assert any(sentence.startswith("3 accounts enter now: ") for sentence in impact)


def test_the_shipped_perks_in_words(perks: dict[str, TierPerks]) -> None:
    told = {key: in_words(values_of(p)).replace("\N{NO-BREAK SPACE}", " ") for key, p in perks.items()}

    assert told == {
        "silver": "Standard SLA, 1.0 % renewal credit",
        "gold": "Premium SLA, 3.0 % renewal credit, optimisation workshop",
        "platinum": "Premium SLA, 5.0 % renewal credit, roadmap council, executive sponsor",
    }
    assert [p.pk for p in ensure_shipped()] == [p.pk for p in perks.values()]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"renewal_credit_percent": "50.01"}, "from 0 to 50"),
    ({"renewal_credit_percent": "-1"}, "from 0 to 50"),
    ({"renewal_credit_percent": "NaN"}, "from 0 to 50"),
    ({"renewal_credit_percent": "1.005"}, "two decimals"),
    ({"kinds": ["discount"]}, "money is given by the renewal credit"),
    ({"kinds": ["yacht"]}, "Choose status rewards"),
]


@pytest.mark.parametrize(("edit", "says"), WRONG)
def test_what_makes_no_sense_is_refused_in_words(edit: dict[str, Any], says: str) -> None:
    with pytest.raises(DomainError, match=says):
        clean_perks({"renewal_credit_percent": "1.00", "kinds": []}, edit)


def test_the_credit_is_finances_and_the_rest_products(
    perks: dict[str, TierPerks], cs: User, finance: User, signed_in_as: SignIn
) -> None:
    account("gold", 50, "10000.00")
    gold, client = perks["gold"], signed_in_as(cs)
    form = {"renewal_credit_percent": "4", "kinds": gold.kinds, "reason": "They asked"}

    answer = client.post(f"/tiers/{gold.tier_id}/perks/", form)

    change = ChangeRequest.objects.get()
    assert answer["Location"] == f"/changes/{change.pk}/"
    assert change.owner_function == "finance"
    assert change.impact == [
        "1 account holds Gold; their renewals of a year would bring $400.00 of credits instead of $300.00:"
        " $100.00 more."
    ]
    client.post(f"/tiers/{gold.tier_id}/perks/", form | {"renewal_credit_percent": "3.00", "kinds": ["premium_sla"]})
    assert ChangeRequest.objects.get(pk__gt=change.pk).owner_function == "product"
    approve(change.pk, digest=change.digest, acting_user=finance)
    gold.refresh_from_db()
    assert (gold.renewal_credit_percent, gold.version, gold.versions.count()) == (Decimal("4.00"), 2, 2)


def test_a_threshold_tells_who_moves_and_what_it_costs_before_it_is_saved(
    perks: dict[str, TierPerks], product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    account("gold", 90, "20000.00")
    account("silver", 20, "5000.00")
    client = signed_in_as(product)
    fields = {
        f"{name}_{n}": tier[name] for n, tier in enumerate(SHIPPED["tiers"]) for name in ("key", "name", "minimum")
    }
    form = {"metric": "seats_active", "policy": "grace", "grace_days": "90", **fields, "minimum_2": "80"}

    told = client.get("/tiers/preview", form).content.decode()

    assert "Gold → Platinum: 1 account." in told
    assert "Renewal credits of a year: $400.00 more" in told
    assert TierScheme.objects.get().version == 1
    answer = client.post("/tiers/edit/", form | {"reason": "More at the top"})
    change = ChangeRequest.objects.get()
    assert answer["Location"] == f"/changes/{change.pk}/"
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    assert TierScheme.objects.get().values == clean_values(SHIPPED, {**SHIPPED, "tiers": change.proposed["tiers"]})
    assert 'value="101"' in client.get("/tiers/edit/?restore=1").content.decode()


def test_a_wrong_scheme_is_told_beside_its_field_and_changes_nothing(
    perks: dict[str, TierPerks], product: User, signed_in_as: SignIn
) -> None:
    client = signed_in_as(product)
    form = {"metric": "seats_active", "policy": "grace", "grace_days": "90", "name_0": "Silver", "reason": "x"}

    answer = client.post("/tiers/edit/", form)

    assert answer.status_code == 422
    assert "Say where it begins." in answer.content.decode()
    assert "Say where it begins" not in client.get("/tiers/preview", form).content.decode()
    assert (ChangeRequest.objects.count(), TierScheme.objects.get().version) == (0, 1)


def test_a_new_tier_keeps_its_key_and_has_no_perks_until_somebody_gives_it_some(
    perks: dict[str, TierPerks], product: User, signed_in_as: SignIn
) -> None:
    diamond = Tier.objects.create(key="diamond", name="Diamond")
    client = signed_in_as(product)

    assert "Standard SLA" in client.get(f"/tiers/{diamond.pk}/perks/brief").content.decode()
    assert client.get(f"/tiers/{diamond.pk}/perks/").status_code == 200
    assert not TierPerks.objects.filter(tier=diamond).exists()
    client.post(f"/tiers/{diamond.pk}/perks/", {"renewal_credit_percent": "7", "kinds": [], "reason": "New"})
    assert ChangeRequest.objects.get().object_label == "Perks of Diamond"


def test_the_page_shows_holders_and_exports_accounts(
    perks: dict[str, TierPerks], cs: User, signed_in_as: SignIn
) -> None:
    account("gold", 50, "10000.00")
    account("", 0, "0")
    client = signed_in_as(cs)

    page = client.get("/tiers/").content.decode()

    assert "26–100" in page
    assert "$10,000.00" in page
    export = b"".join(client.get("/tiers/?format=csv").streaming_content).decode()
    assert export.count("\r\n") == 3
    assert TierMove.objects.count() == 0
