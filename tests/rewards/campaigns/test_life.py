"""The life of a campaign: the table is total, who may do what, and what an edit voids."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve as approve_change
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.campaigns.models import Campaign, CampaignApproval
from rewards.campaigns.rules.statuses import RUNNING, TRANSITIONS, CampaignAction, CampaignStatus, next_status
from rewards.campaigns.rules.terms import BadTerms
from rewards.campaigns.verbs import approve_campaign, create_campaign, move_campaign, values_of
from tests.factories import MilestoneFactory, PersonFactory, RewardFactory

S, A = CampaignStatus, CampaignAction
SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("status", "action"), list(itertools.product(S, A)), ids=lambda x: x.value)
def test_every_pair_is_a_step_of_the_table_or_nothing(status: CampaignStatus, action: CampaignAction) -> None:
    assert next_status(status, action) == TRANSITIONS.get((status, action))


def test_the_table_ends_only_in_retired_and_runs_only_what_was_approved() -> None:
    assert set(S) - {status for status, _ in TRANSITIONS} == {S.RETIRED}
    assert {at for (at, action), to in TRANSITIONS.items() if to in RUNNING and at not in RUNNING} == {
        S.APPROVED,
        S.PAUSED,
    }


def terms(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Welcome",
        "goal": "Habit formation",
        "trigger": {"kind": "milestone", "milestone": MilestoneFactory().key},
        "ladder": [{"reward": RewardFactory().key}],
        "owner_function": "cs",
    } | changes


def approved(campaign: Campaign) -> Campaign:
    for function in Function:
        person = PersonFactory(functions=[function])
        campaign = approve_campaign(campaign.pk, function=function, version=campaign.version, acting_user=person)
    return campaign


def test_from_draft_to_live_and_on(cs: User) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    assert (campaign.status, campaign.version, campaign.holdout_seed) == ("draft", 1, campaign.key)
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    campaign = approved(campaign)
    assert (campaign.status, campaign.live_since) == ("approved", None)
    campaign = move_campaign(campaign.pk, A.START_PILOT, acting_user=cs)
    piloted_since = campaign.live_since
    assert piloted_since is not None
    campaign = move_campaign(campaign.pk, A.LAUNCH, acting_user=cs)
    assert (campaign.status, campaign.live_since) == ("live", piloted_since)
    move_campaign(campaign.pk, A.PAUSE, reason="a wrong price", acting_user=cs)
    campaign = move_campaign(campaign.pk, A.RESUME, acting_user=cs)
    assert campaign.live_since is not None
    assert campaign.live_since > piloted_since
    move_campaign(campaign.pk, A.PAUSE, reason="it is over", acting_user=cs)
    assert move_campaign(campaign.pk, A.RETIRE, reason="it is over", acting_user=cs).status == "retired"
    moves = AuditLine.objects.filter(verb="campaign_moved").order_by("id").values_list("after__status", flat=True)
    assert list(moves) == ["modelled", "approved", "pilot", "live", "paused", "live", "paused", "retired"]


def test_two_functions_are_not_enough(cs: User, finance: User, product: User) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    approve_campaign(campaign.pk, function=Function.FINANCE, version=1, acting_user=finance)
    campaign = approve_campaign(campaign.pk, function=Function.PRODUCT, version=1, acting_user=product)
    assert campaign.status == "modelled"
    with pytest.raises(DomainError, match="cannot go live"):
        move_campaign(campaign.pk, A.LAUNCH, acting_user=cs)
    with pytest.raises(NotAllowed, match="You wrote this version"):
        approve_campaign(campaign.pk, function=Function.CS, version=1, acting_user=cs)
    campaign.refresh_from_db()
    assert (campaign.status, CampaignApproval.objects.count()) == ("modelled", 2)


def test_one_person_approves_for_one_function_only(cs: User) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    both = PersonFactory(functions=[Function.CS, Function.FINANCE])
    approve_campaign(campaign.pk, function=Function.CS, version=1, acting_user=both)
    with pytest.raises(NotAllowed, match="for another function"):
        approve_campaign(campaign.pk, function=Function.FINANCE, version=1, acting_user=both)
    with pytest.raises(DomainError, match="already"):
        approve_campaign(
            campaign.pk, function=Function.CS, version=1, acting_user=PersonFactory(functions=[Function.CS])
        )
    assert CampaignApproval.objects.count() == 1


def standing(campaign: Campaign) -> tuple[str, int]:
    campaign.refresh_from_db()
    return campaign.status, campaign.approvals.count()


def refused(campaign: Campaign, person: User, words: str, function: Function = Function.CS) -> None:
    before = standing(campaign)
    with pytest.raises(NotAllowed, match=words):
        approve_campaign(campaign.pk, function=function, version=campaign.version, acting_user=person)
    assert standing(campaign) == before
    line = AuditLine.objects.filter(verb="refused").latest("id")
    assert (line.actor, line.object_type, line.object_id) == (person, "campaign", str(campaign.pk))
    assert words in line.reason


def edited(campaign: Campaign, person: User, **values: Any) -> Campaign:
    propose_or_apply("campaign", campaign.pk, values, "better", acting_user=person)
    campaign.refresh_from_db()
    return campaign


def test_whoever_wrote_a_version_that_was_never_approved_does_not_approve_a_later_one(
    cs: User, cs_colleague: User
) -> None:
    campaign = edited(create_campaign(terms(), acting_user=cs), cs_colleague, name="Welcome, you")
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    refused(campaign, cs, "You wrote")
    refused(campaign, cs_colleague, "You wrote")
    approved(campaign)
    # What all three approved is nobody's proposal any more: of what is edited since, the editors are refused.
    newcomer = PersonFactory(functions=[Function.CS])
    campaign = edited(campaign, newcomer, name="Welcome, all")
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    refused(campaign, newcomer, "You wrote")
    approve_campaign(campaign.pk, function=Function.CS, version=3, acting_user=cs)


def test_whoever_wrote_a_change_that_was_applied_does_not_approve_a_later_version(
    cs: User, cs_colleague: User, finance: User
) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    Campaign.objects.filter(pk=campaign.pk).update(status="live")
    for name, proposer in (("Welcome, you", finance), ("Welcome, all", cs_colleague)):
        change = propose_or_apply("campaign", campaign.pk, {"name": name}, "better", acting_user=proposer)
        assert isinstance(change, ChangeRequest)
        approve_change(change.pk, digest=change.digest, acting_user=PersonFactory(functions=[Function.CS]))
    campaign.refresh_from_db()
    assert campaign.version == 3
    refused(campaign, finance, "You wrote", Function.FINANCE)
    refused(campaign, cs, "You wrote")


def test_who_is_not_of_the_function_is_refused_and_told(cs: User, finance: User, signed_in_as: SignIn) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    refused(campaign, finance, "Customer Success")
    answer = signed_in_as(cs).post(reverse("campaign-approve", args=[campaign.pk]), {"function": "cs", "version": 1})
    assert (answer.status_code, standing(campaign)) == (403, ("modelled", 0))
    assert AuditLine.objects.filter(verb="refused", actor=cs, object_id=str(campaign.pk)).count() == 1


def test_an_edit_of_what_does_not_run_applies_at_once_and_voids_the_approvals(cs: User) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    move_campaign(campaign.pk, A.MODEL, acting_user=cs)
    approved(campaign)
    assert propose_or_apply("campaign", campaign.pk, {"cooldown_days": 30}, "shorter", acting_user=cs) is None
    campaign.refresh_from_db()
    assert (campaign.status, campaign.version, campaign.cooldown_days) == ("draft", 2, 30)
    assert list(campaign.versions.values_list("version", "terms__cooldown_days")) == [(2, 30), (1, 90)]


def test_an_edit_of_what_runs_is_a_change_request_and_it_goes_on_running(cs: User) -> None:
    campaign = create_campaign(terms(), acting_user=cs)
    Campaign.objects.filter(pk=campaign.pk).update(status="live")
    other = RewardFactory(name="$50 credit")
    ladder = [*values_of(campaign)["ladder"], {"reward": other.key, "wait_days": 5}]
    change = propose_or_apply("campaign", campaign.pk, {"ladder": ladder}, "a second step", acting_user=cs)
    assert isinstance(change, ChangeRequest)
    assert change.owner_function == "cs"
    campaign.refresh_from_db()
    assert (campaign.version, campaign.steps.count()) == (1, 1)
    approve_change(change.pk, digest=change.digest, acting_user=PersonFactory(functions=[Function.CS]))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.version, campaign.steps.count()) == ("live", 2, 2)


def test_who_may_not(cs: User, finance: User) -> None:
    with pytest.raises(NotAllowed):
        create_campaign(terms(), acting_user=finance)
    assert Campaign.objects.count() == 0
    campaign = create_campaign(terms(), acting_user=cs)
    with pytest.raises(NotAllowed):
        move_campaign(campaign.pk, A.MODEL, acting_user=finance)
    with pytest.raises(DomainError, match="Say why"):
        move_campaign(campaign.pk, A.RETIRE, acting_user=cs)
    with pytest.raises(DomainError, match="verbs of their own"):
        move_campaign(campaign.pk, A.APPROVE, acting_user=cs)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_all_that_is_wrong_is_named_at_once(cs: User) -> None:
    with pytest.raises(BadTerms) as refused:
        create_campaign(
            terms(
                name="",
                trigger={"kind": "renewal_window", "days": -1},
                audience={"op": "compare", "fact": "weather", "is": "=", "value": "1"},
                ladder=[{"reward": "gone"}],
                cooldown_days=3,
                holdout_percent=60,
            ),
            acting_user=cs,
        )
    assert [fault.place for fault in refused.value.faults] == [
        *("trigger.days", "name", "audience.fact", "ladder.0.reward", "cooldown_days", "holdout_percent"),
    ]
    assert Campaign.objects.count() == 0
