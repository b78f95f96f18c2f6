"""Which column is which field."""

import pytest

from accounts.intake.files.mapping import MappingProblem, map_columns
from accounts.intake.files.shapes import SHAPES
from accounts.sources.rules import Kind

HEADS = {
    Kind.ACCOUNT: "account_id,account_name,industry,country,signup_date,referral_source,plan_tier,seats,is_trial",
    Kind.SUBSCRIPTION: "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,arr_amount,is_trial,"
    "upgrade_flag,downgrade_flag,churn_flag,billing_frequency,auto_renew_flag",
    Kind.USAGE: "usage_id,subscription_id,usage_date,feature_name,usage_count,usage_duration_secs,error_count",
    Kind.SUPPORT: "ticket_id,account_id,submitted_at,closed_at,resolution_time_hours,priority,satisfaction_score",
    Kind.FEEDBACK: "Response ID,Account ID,User ID,NPS Score,Submitted at",
}
EXPECTED = {
    Kind.ACCOUNT: "external_id name industry country plan_segment signed_up_on",
    Kind.SUBSCRIPTION: "external_id account plan billing_frequency seats mrr is_trial starts_on ends_on",
    Kind.USAGE: "message_id subscription name quantity seconds occurred_at",
    Kind.SUPPORT: "external_id account opened_at closed_at priority satisfaction",
    Kind.FEEDBACK: "external_id account contact score at",
}


def fields(kind: Kind, head: str, **overrides: str) -> dict[str, str]:
    return {m.field.name: m.column for m in map_columns(SHAPES[kind], head.split(","), overrides)}


@pytest.mark.parametrize("kind", list(Kind))
def test_usual_names_are_known(kind: Kind) -> None:
    assert list(fields(kind, HEADS[kind])) == EXPECTED[kind].split()


def test_what_is_told_goes_before_what_is_guessed() -> None:
    found = fields(Kind.ACCOUNT, "id,crm_id,name", crm_id="external_id")

    assert found == {"external_id": "crm_id", "name": "name"}


def test_a_column_can_be_left_out() -> None:
    assert "plan_segment" not in fields(Kind.ACCOUNT, HEADS[Kind.ACCOUNT], plan_tier="-")


@pytest.mark.parametrize(
    ("head", "overrides", "words"),
    [
        ("id,name", {"name": "title"}, "The fields are: external_id, name, industry"),
        ("id,name", {"nmae": "name"}, "no column “nmae”. It has: id, name"),
        ("id,a,b", {"a": "name", "b": "name"}, "Two columns are mapped to the field “name”"),
        ("id,title", {}, "No column was found for name"),
    ],
)
def test_what_cannot_be_mapped_is_told_with_what_can(head: str, overrides: dict[str, str], words: str) -> None:
    with pytest.raises(MappingProblem, match=words):
        fields(Kind.ACCOUNT, head, **overrides)


def test_use_needs_an_account_or_a_subscription() -> None:
    with pytest.raises(MappingProblem, match="One of account and subscription is needed"):
        fields(Kind.USAGE, "usage_id,usage_date,feature_name")
