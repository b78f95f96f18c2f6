"""The ready-made campaigns: every tactic and every trigger is covered, and each is valid on what ships."""

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.shipped import ensure_shipped
from rewards.campaigns.cautions import contracts_of, discount_caution
from rewards.campaigns.comparing import compared
from rewards.campaigns.knowing import known
from rewards.campaigns.models import Campaign
from rewards.campaigns.ready import READY_MADE, TACTICS
from rewards.campaigns.rules.terms import audience_of
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.campaigns.verbs import values_of

TABLE = {
    "Feature milestones", "Streaks", "Power-user tracks", "Usage tiers", "Annual conversion", "Renewal credit",
    "Seat expansion", "Pause or skip", "Roadmap access", "Post-signup automation", "Referral", "Preference quiz",
    "Growth rebate", "Segments",
}  # fmt: skip


def test_every_row_of_the_tactic_table_and_every_trigger_is_covered() -> None:
    assert set(TACTICS) == TABLE
    assert {ready.terms["trigger"]["kind"] for ready in READY_MADE} == {kind.value for kind in TriggerKind}
    assert len({ready.key for ready in READY_MADE}) == len(READY_MADE)
    assert {ready.layer for ready in READY_MADE} == {1, 2}
    onboarded = {r.terms["trigger"].get("onboarded") for r in READY_MADE if r.tactic == "Post-signup automation"}
    assert onboarded == {"yes", "no"}


def test_every_one_says_what_it_needs_costs_and_brings() -> None:
    for ready in READY_MADE:
        judged = [ready.terms[f] for f in ("data_needed", "short_term_cost", "expected_ltv_gain", "complexity")]
        assert all(judged), ready.key


@pytest.mark.django_db
def test_a_new_team_starts_with_drafts_of_all_of_them_once() -> None:
    ensure_shipped()
    ensure_shipped()

    assert Campaign.objects.count() == len(READY_MADE)
    assert set(Campaign.objects.values_list("status", flat=True)) == {"draft"}
    assert AuditLine.objects.filter(object_type="campaign", verb="created").count() == len(READY_MADE)
    assert [row.layer for row in compared()] == sorted(row.layer for row in compared())


@pytest.mark.django_db
def test_no_ready_made_campaign_gives_a_discount_where_something_better_fits() -> None:
    ensure_shipped()
    words = known()

    cautions = {c.key: discount_caution(values_of(c), words) for c in Campaign.objects.all()}

    assert {key for key, caution in cautions.items() if caution} == set()


@pytest.mark.django_db
def test_a_discount_first_is_warned_of_with_what_fits_better() -> None:
    ensure_shipped()
    words, campaign = known(), Campaign.objects.get(key="enterprise-renewal")
    terms = {**values_of(campaign), "ladder": [{"reward": "discount-10", "wait_days": 0}]}

    assert "roadmap session" in (discount_caution(terms, words) or "")
    after_status = {**terms, "ladder": [{"reward": "roadmap-session", "wait_days": 0}, *terms["ladder"]]}
    assert discount_caution(after_status, words) is None


@pytest.mark.django_db
def test_the_contracts_of_an_audience_are_those_that_it_asks_for() -> None:
    words = known().vocabulary
    enterprise = {"op": "in", "fact": "plan_segment", "values": ["enterprise"]}
    annual = {"op": "compare", "fact": "billing_frequency", "is": "=", "value": "annual"}
    sign_ins = {"op": "compare", "fact": "sign_ins_30", "is": ">", "value": "3"}
    cases = [
        ({"op": "and", "items": [enterprise, annual, sign_ins]}, ["annual", "enterprise"]),
        ({"op": "or", "items": [enterprise, annual]}, ["annual", "enterprise"]),
        ({"op": "or", "items": [enterprise, sign_ins]}, 6),
        ({"op": "and", "items": [{"op": "not", "item": enterprise}]}, 6),
        ({}, 6),
    ]
    for rule, expected in cases:
        found = contracts_of(audience_of(rule, words))
        assert (len(found) if isinstance(expected, int) else found) == expected
