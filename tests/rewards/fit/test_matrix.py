"""The matrix on real contracts: what fails, on which rule; and the matrix as its owners edit it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.records.models import Account
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from rewards.catalogue.models import Reward
from rewards.catalogue.shipped import ensure_shipped as ensure_catalogue
from rewards.fit.changing import FIT_RULE
from rewards.fit.models import FitRule
from rewards.fit.queries import accounts_failing, fitting_kinds, grid
from rewards.fit.rules import Contract, Verdict
from rewards.fit.shipped import SHIPPED, ensure_shipped
from rewards.fit.verbs import create_rule, values_of
from tests.factories import AccountFactory, OfferFactory

SignIn = Callable[[User], Client]
DAY = date(2026, 11, 14)


@pytest.fixture
def catalogue(db: None) -> dict[str, Reward]:
    ensure_shipped()
    return ensure_catalogue()


def contract(segment: str | None, billing: str | None, mrr: str | None = "1000.00", months: int | None = 12) -> Account:
    """An account with this contract on DAY."""
    account = AccountFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [DAY, DAY])
        cursor.execute(
            "INSERT INTO accounts_accountfacts"
            " (day, account_id, plan_segment, billing_frequency, mrr, arr, contract_months)"
            " VALUES (%s, %s, %s, %s, %s::numeric, %s::numeric * 12, %s)",
            [DAY, account.pk, segment, billing, mrr, mrr, months],
        )
    return account


# Reward, contract (segment, billing), the words of the rule that it fails or None.
CASES = [
    ("executive-sponsor", ("self_serve", "monthly"), "Self-serve: no executive sponsor"),
    ("optimisation-workshop", ("self_serve", "annual"), "nothing that people hand over"),
    ("onboarding-upgrade", ("self_serve", "monthly"), None),
    ("value-recap", ("self_serve", "monthly"), None),
    ("annual-conversion-credit", ("self_serve", "monthly"), None),
    ("renewal-credit-5", ("mid_market", "annual"), None),
    ("renewal-credit-5", ("mid_market", "monthly"), "Monthly billing: no renewal credit"),
    ("discount-10", ("enterprise", "annual"), "before a status reward"),
    ("roadmap-session", ("enterprise", "annual"), None),
    ("annual-conversion-credit", ("enterprise", "multi_year"), "Multi-year: no annual-conversion"),
    ("growth-rebate-3", ("enterprise", "multi_year"), None),
    ("executive-sponsor", (None, None), None),
]


@pytest.mark.parametrize(("key", "terms", "fails"), CASES)
def test_what_fails_and_on_which_rule(
    catalogue: dict[str, Reward], key: str, terms: tuple[str | None, str | None], fails: str | None
) -> None:
    account = contract(*terms)

    failing = accounts_failing(catalogue[key].pk)

    assert set(failing) == ({account.pk} if fails else set())
    if fails:
        assert fails in str(FitRule.objects.get(pk=failing[account.pk]))


SHARES = [("15.00", False), ("15.01", True)]


@pytest.mark.parametrize(("percent", "fails"), SHARES)
@pytest.mark.parametrize("months", [12, None])
def test_mid_market_is_bounded_at_exactly_15_per_cent(
    catalogue: dict[str, Reward], percent: str, fails: bool, months: int | None
) -> None:
    contract("mid_market", "annual", months=months)
    Reward.objects.filter(key="discount-10").update(percent=Decimal(percent))

    assert bool(accounts_failing(catalogue["discount-10"].pk)) is fails


def test_a_share_that_cannot_be_worked_out_is_not_judged(catalogue: dict[str, Reward]) -> None:
    contract("mid_market", "annual", mrr=None)
    Reward.objects.filter(key="discount-10").update(percent=Decimal(90))

    assert accounts_failing(catalogue["discount-10"].pk) == {}


REACHED = [("delivered", True), ("declined", True), ("in_approval", False), ("rejected", False), ("withdrawn", False)]


@pytest.mark.parametrize(("state", "opens"), REACHED)
def test_enterprise_gets_a_discount_once_a_status_reward_reached_it(
    catalogue: dict[str, Reward], state: str, opens: bool
) -> None:
    account = contract("enterprise", "annual")
    OfferFactory(account=account, reward=catalogue["roadmap-session"], state=state)

    assert (accounts_failing(catalogue["discount-10"].pk) == {}) is opens


def test_what_the_matrix_recommends(catalogue: dict[str, Reward]) -> None:
    assert fitting_kinds(["monthly"]) == ["annual_conversion_credit", "annual_plan_offer"]
    assert fitting_kinds(["multi_year"]) == ["growth_rebate"]
    assert "discount" in fitting_kinds(["mid_market"])
    assert fitting_kinds([]) == []


def test_the_grid_says_it_all(catalogue: dict[str, Reward]) -> None:
    rows = {row.label: {cell.contract.value: cell.status for cell in row.cells} for row in grid()}

    assert rows["Executive sponsor"] == {
        "self_serve": "unfit", "mid_market": "", "enterprise": "fits", "monthly": "", "annual": "", "multi_year": "",
    }  # fmt: skip
    assert rows["Discount"]["mid_market"] == "fits_if"
    assert rows["Discount"]["enterprise"] == "fits_if"
    assert rows["Office hours"]["self_serve"] == "unfit"


def form(rule: FitRule, **edit: Any) -> dict[str, Any]:
    values = {**values_of(rule), **edit}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_rule_in_force_changes_by_the_decision_of_whoever_owns_its_rewards(
    catalogue: dict[str, Reward], cs: User, finance: User, signed_in_as: SignIn
) -> None:
    rule = FitRule.objects.get(contract="mid_market", verdict="unfit")
    OfferFactory(account=contract("mid_market", "annual"), reward=catalogue["renewal-credit-5"])

    answer = signed_in_as(cs).post(f"/rewards/fit/{rule.pk}/", form(rule, above_percent="20", reason="Too strict"))

    change = ChangeRequest.objects.get()
    assert (answer.status_code, change.owner_function) == (302, "finance")
    assert change.impact == [
        "Of the offers of the last 365 days it would have stopped no offer; the rule of now would stop no offer."
    ]
    approve(change.pk, digest=change.digest, acting_user=finance)
    rule.refresh_from_db()
    assert (rule.above_percent, rule.version, rule.versions.count()) == (Decimal("20.00"), 2, 2)


def test_the_impact_counts_the_offers_of_last_year(catalogue: dict[str, Reward], cs: User) -> None:
    today = timezone.now().date()
    account = contract("self_serve", "monthly")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [today, today])
        cursor.execute(
            "INSERT INTO accounts_accountfacts (day, account_id, plan_segment) VALUES (%s, %s, 'self_serve')",
            [today, account.pk],
        )
    OfferFactory(account=account, reward=catalogue["service-credit-300"])
    rule = create_rule(Contract.SELF_SERVE, Verdict.UNFIT, {"kinds": ["badge", "service_credit"]}, acting_user=cs)
    assert not rule.is_active
    told = FIT_RULE.impact(rule.pk, {**values_of(rule), "is_active": True})

    assert told == [
        "Of the offers of the last 365 days it would have stopped 1 offer worth $300.00;"
        " the rule of now would stop no offer."
    ]


def test_who_may_make_a_rule(catalogue: dict[str, Reward], cs: User) -> None:
    with pytest.raises(NotAllowed):
        create_rule(Contract.ANNUAL, Verdict.UNFIT, {"kinds": ["discount"]}, acting_user=cs)
    assert FitRule.objects.count() == len(SHIPPED)


def test_the_page_tells_the_matrix_and_exports_it(
    catalogue: dict[str, Reward], product: User, signed_in_as: SignIn
) -> None:
    client = signed_in_as(product)
    page = client.get("/rewards/fit/").content.decode()
    assert "Mid-market: no renewal credit or discount above 15.0" in page
    assert "With a condition" in page
    export = b"".join(client.get("/rewards/fit/?format=csv").streaming_content).decode()
    assert export.count("\r\n") == len(SHIPPED) + 1
    answer = client.post("/rewards/fit/new/", {"contract": "annual", "verdict": "unfit", "kinds": ["feature_pass"]})
    made = FitRule.objects.order_by("-id")[0]
    assert answer["Location"] == f"/rewards/fit/{made.pk}/"
    refused = client.post("/rewards/fit/new/", {"contract": "annual", "verdict": "unfit", "kinds": ["discount"]})
    assert (refused.status_code, FitRule.objects.count()) == (403, len(SHIPPED) + 1)
