"""The rules of approval where offers are written, and their edits by request."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.facts.verbs import refresh
from accounts.records.models import Account
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve as approve_change
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.required.changing import impact
from rewards.approvals.required.models import ApprovalRule
from rewards.approvals.required.shipped import ensure_shipped
from rewards.approvals.required.verbs import KIND, values_of
from rewards.approvals.verbs import approve
from rewards.offers.models import Offer
from tests.factories import CampaignFactory, OfferFactory, RewardFactory
from tests.rewards.campaigns.made import evaluate, reach

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def rules(db: None) -> dict[str, ApprovalRule]:
    return {rule.key: rule for rule in ensure_shipped()}


def put_in_force(key: str, **changes: object) -> None:
    ApprovalRule.objects.filter(key=key).update(is_active=True, **changes)


def proposed(campaign: object = None, segment: str | None = None) -> Offer:
    found = reach(campaign or CampaignFactory())  # type: ignore[arg-type]
    if segment:
        Account.objects.filter(pk=found.account_id).update(plan_segment=segment)
        refresh([found.account_id], timezone.now().date(), timezone.now().date(), follow=False)
    evaluate()
    return Offer.objects.get(account=found.account)


def asked(offer: Offer) -> list[tuple[str, int]]:
    return list(offer.steps.values_list("function", "position"))


def test_shipped_twice_is_once() -> None:
    ensure_shipped()
    assert ApprovalRule.objects.count() == 6
    assert ApprovalRule.objects.filter(is_active=True).count() == 3


def test_exactly_the_threshold_is_within_and_a_cent_more_is_above() -> None:
    within = proposed(CampaignFactory(reward=RewardFactory(discount_equivalent=Decimal("250.00"))))
    above = proposed(CampaignFactory(reward=RewardFactory(discount_equivalent=Decimal("250.01"))))
    assert (asked(within), asked(above)) == ([("cs", 1)], [("cs", 1), ("finance", 2)])


MONEY = [
    {"kind": "discount"},
    {"kind": "annual_plan_offer"},
    {"kind": "badge", "taxable": True},
]


@pytest.mark.parametrize("terms", MONEY, ids=["a discount", "an annual-plan offer", "a gift to a person"])
def test_money_that_stands_on_no_books_meets_the_threshold_too(terms: dict[str, Any]) -> None:
    def worth(value: str) -> Offer:
        reward = RewardFactory(is_credit=False, discount_equivalent=Decimal(value), **terms)
        return proposed(CampaignFactory(reward=reward))

    assert asked(worth("250.00")) == [("cs", 1)]
    above = worth("250.01")
    assert asked(above) == [("cs", 1), ("finance", 2)]
    assert above.steps.last().why == "$250.01 is above the Finance threshold of $250.00"  # type: ignore[union-attr]


def test_much_value_without_money_asks_nobody_else() -> None:
    workshop = RewardFactory(kind="optimisation_workshop", is_credit=False)
    assert asked(proposed(CampaignFactory(reward=workshop))) == [("cs", 1)]


def test_a_kind_of_reward(rules: dict[str, ApprovalRule]) -> None:
    put_in_force("discounts")
    discount = RewardFactory(kind="discount", is_credit=False, discount_equivalent=Decimal("10.00"))
    offer = proposed(CampaignFactory(reward=discount))
    assert asked(offer) == [("cs", 1), ("finance", 2)]
    assert offer.steps.last().why == "the reward is discount or annual-plan offer"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("segment", "functions"),
    [
        ("enterprise", [("product", 1), ("cs", 1), ("finance", 2)]),
        ("mid_market", [("product", 1), ("finance", 2)]),
        (None, [("product", 1), ("finance", 2)]),
    ],
)
def test_a_plan_segment_and_the_unknown_one(segment: str | None, functions: list[tuple[str, int]]) -> None:
    put_in_force("enterprise")
    offer = proposed(CampaignFactory(owner_function="product"), segment)
    assert asked(offer) == functions
    assert offer.awaits == [function for function, position in functions if position == 1]


def test_the_first_use_of_a_campaign_until_something_was_granted(cs: User, finance: User) -> None:
    put_in_force("first-use")
    campaign = CampaignFactory(reward=RewardFactory(discount_equivalent=Decimal("10.00")))
    first = proposed(campaign)
    assert first.awaits == ["cs", "finance"]
    assert first.steps.get(function="finance").why == "nothing of the campaign was granted before"
    # In any order: Finance goes first.
    approve(first.pk, function=Function.FINANCE, digest=first.digest, acting_user=finance)
    first.refresh_from_db()
    assert first.awaits == ["cs"]
    approve(first.pk, function=Function.CS, digest=first.digest, acting_user=cs)
    assert asked(proposed(campaign)) == [("cs", 1)]


def test_an_edit_of_a_rule_in_force_is_a_request_with_its_impact(
    rules: dict[str, ApprovalRule], finance: User, finance_colleague: User
) -> None:
    rule = rules["money-threshold"]
    OfferFactory()
    change = propose_or_apply(KIND, rule.pk, {"above_value": "300"}, "Fewer clicks", acting_user=finance)
    assert isinstance(change, ChangeRequest)
    assert change.owner_function == Function.FINANCE.value
    assert change.impact[0] == (
        "Of the offers of the last 365 days it would have brought no offer before Finance;"
        " the rule of now would bring 1 offer worth $300.00."
    )
    approve_change(change.pk, digest=change.digest, acting_user=finance_colleague)
    rule.refresh_from_db()
    assert (rule.above_value, rule.version, rule.versions.count()) == (Decimal("300.00"), 2, 2)
    assert asked(proposed()) == [("cs", 1)]


def test_switching_a_rule_off_says_what_it_would_have_asked(rules: dict[str, ApprovalRule]) -> None:
    OfferFactory()
    told = impact(rules["money-threshold"].pk, values_of(rules["money-threshold"]) | {"is_active": False})
    assert told[0].startswith("Of the offers of the last 365 days it would have brought no offer before Finance;")


def test_the_pages_show_edit_and_restore(signed_in_as: SignIn, rules: dict[str, ApprovalRule], cs: User) -> None:
    client, rule = signed_in_as(cs), rules["enterprise"]
    assert "Money above the threshold" in client.get(reverse("approval-rules")).content.decode()
    saved = client.post(
        reverse("approval-rule", args=[rule.pk]),
        {"name": rule.name, "above_value": "1,000", "plan_segments": ["enterprise"], "in_sequence": "yes"},
    )
    assert saved.status_code == 302
    rule.refresh_from_db()
    assert (rule.above_value, rule.in_sequence, rule.version) == (Decimal("1000.00"), True, 2)
    page = client.get(reverse("approval-rule", args=[rule.pk]), {"restore": "1"})
    assert page.context["form"].initial["reason"] == "Back to version 1."
    assert AuditLine.objects.filter(object_type=KIND, object_id=str(rule.pk), verb="edited").count() == 1


def test_a_new_rule_calls_on_nobody_until_it_is_in_force(signed_in_as: SignIn, cs: User, finance: User) -> None:
    typed = {"function": "finance", "name": "Small money", "above_value": "10", "in_sequence": "yes"}
    refused = signed_in_as(cs).post(reverse("approval-rule-new"), typed)
    assert (refused.status_code, ApprovalRule.objects.count()) == (403, 6)
    assert signed_in_as(finance).post(reverse("approval-rule-new"), typed).status_code == 302
    again = signed_in_as(finance).post(reverse("approval-rule-new"), typed)
    assert again.status_code == 409
    assert "There is a rule called “Small money” already." in again.content.decode()
    assert ApprovalRule.objects.get(key="small-money").is_active is False


def test_a_rule_without_a_condition_is_refused_in_words(
    signed_in_as: SignIn, rules: dict[str, ApprovalRule], cs: User
) -> None:
    rule = rules["enterprise"]
    answer = signed_in_as(cs).post(reverse("approval-rule", args=[rule.pk]), {"name": rule.name, "in_sequence": "yes"})
    assert "choose at least one condition" in answer.content.decode()
    rule.refresh_from_db()
    assert rule.version == 1
