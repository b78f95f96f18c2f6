"""Incremental = full: however the facts of the last days come in, the same offers, once each.

Two accounts live through one history. Of the first every batch is evaluated when it
comes, as the pipeline does; of the second nothing, until the night looks at both.
An offer is told by its campaign, cause, step, reward and money. What the second gets,
the first has got too. What the first has besides is an offer whose match once stood, by
what was known then, and no longer stands at the end: it is not taken back, and that is
the one exception. Which matches stand is told by a few lines of Python of this file, held
against both.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts.models import AccountFacts
from accounts.milestones.verbs import detect
from accounts.records.models import Account
from rewards.campaigns.evaluating import evaluate_due, evaluate_range, follow
from rewards.campaigns.models import Candidate
from rewards.fit.models import FitRule
from rewards.offers.models import Offer
from tests.factories import AccountFactory, CampaignFactory, EventFactory, MilestoneFactory, RewardFactory
from tests.rewards.campaigns.made import ago, campaign_on, know

# The day, the seven before it on which a run may have begun, and one that only tells for how long it has been.
DAYS = 9
REPORTS = 2
EVENT = "Report of the property"

FACTS: Mapping[str, list[Any]] = {
    "seat_utilisation": [None, 0.5, 0.89, 0.9, 0.95],
    "cancellation_intent": [None, False, True],
    "nps": [None, 8, 9, 10],
    "days_to_renewal": [None, 61, 60, 12],
    "plan_segment": [None, "self_serve", "mid_market", "enterprise"],
}
Row = dict[str, Any]
History = dict[int, Row]

# (days ago, fact, value), a day that is not known at all, or an event of so many days ago.
told = st.tuples(st.integers(0, DAYS - 1), st.sampled_from(sorted(FACTS))).flatmap(
    lambda cell: st.tuples(st.just(cell[0]), st.just(cell[1]), st.sampled_from(FACTS[cell[1]]))
)
changes = st.one_of(
    told,
    # Most of what decides is of today and of the edge of the window.
    st.tuples(st.sampled_from([0, 0, 1, 6, 7]), st.just("seat_utilisation"), st.sampled_from([0.5, 0.9])),
    st.tuples(st.integers(0, DAYS - 1), st.just("gone"), st.none()),
    # A milestone of more than seven days ago, told now, does not fire at all.
    st.tuples(st.integers(0, 6), st.just("event"), st.none()),
)
batches = st.lists(st.lists(changes, min_size=1, max_size=6), min_size=1, max_size=6)
# What every day begins as: quiet, or true for long.
begins = st.sampled_from(
    [{"seat_utilisation": 0.5, "plan_segment": "mid_market"}, {"seat_utilisation": 0.95, "nps": 9}]
)


def standing(history: History, events: int) -> set[str]:
    """The campaigns whose match stands: became true within the window, of the audience, and it fits."""
    today = history.get(0)
    found = {"reports"} if events >= REPORTS else set()
    if today is None:
        return found
    conditions = {
        "used": lambda row: _known(row, "seat_utilisation") and row["seat_utilisation"] >= 0.9,
        "leaving": lambda row: row.get("cancellation_intent") is True,
        "happy": lambda row: _known(row, "nps") and row["nps"] >= 9,
        "renewing": lambda row: _known(row, "days_to_renewal") and row["days_to_renewal"] <= 60,
    }
    for name, holds in conditions.items():
        became = holds(today) and not all(back in history and holds(history[back]) for back in range(1, 8))
        in_audience = name != "happy" or today.get("plan_segment") in ("mid_market", "enterprise")
        fits = name != "renewing" or today.get("plan_segment") != "enterprise"
        if became and in_audience and fits:
            found.add(name)
    return found


def _known(row: Row, fact: str) -> bool:
    return row.get(fact) is not None


def offers_of(account: Account) -> set[tuple[Any, ...]]:
    """Each offer by its business key and terms; two reaches of two accounts have ids of their own."""
    rows = Offer.objects.filter(account=account).values_list(
        *("campaign__key", "cause_key", "step", "reward__key", "face_value", "discount_equivalent", "currency"),
    )
    made = [(key, cause.split(":")[0] if key == "reports" else cause, *rest) for key, cause, *rest in rows]
    assert len(made) == len(set(made))
    return set(made)


def campaigns_of(offers: set[tuple[Any, ...]]) -> set[str]:
    return {offer[0] for offer in offers}


class Incremental(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        mid = {"op": "in", "fact": "plan_segment", "values": ["mid_market", "enterprise"]}
        campaign_on("seat_utilisation", key="used", parameters={"percent": 90}, cooldown_days=7)
        campaign_on("cancellation_intent", key="leaving", cooldown_days=180)
        campaign_on("tenure_or_nps", key="happy", parameters={"months": 24, "nps": 9}, audience=mid)
        discount = RewardFactory(key="discount-of-the-property", kind="discount", is_credit=False)
        campaign_on("renewal_window", key="renewing", parameters={"days": 60}, rewards=[discount], cooldown_days=30)
        FitRule.objects.create(contract="enterprise", verdict="unfit", kinds=["discount"])
        CampaignFactory(key="reports", milestone=MilestoneFactory(event_name=EVENT, count=REPORTS))

    @settings(max_examples=40, deadline=None)
    @given(begins, batches)
    def test_as_it_comes_or_all_at_once(self, begin: Row, told: list[list[tuple[int, str, Any]]]) -> None:
        step_by_step, at_once = AccountFactory(), AccountFactory()
        history: History = {back: dict(begin) for back in range(DAYS)}
        self._write(step_by_step, history, range(DAYS))
        events, shown = 0, standing(history, 0)
        self._react(step_by_step)
        for batch in told:
            for back, what, value in batch:
                if what == "event":
                    events += 1
                    self._event(step_by_step, back)
                    self._event(at_once, back)
                elif what == "gone":
                    history.pop(back, None)
                else:
                    history.setdefault(back, {})[what] = value
            self._write(step_by_step, history, {back for back, what, _ in batch if what != "event"})
            self._react(step_by_step)
            shown |= standing(history, events)
            assert campaigns_of(offers_of(step_by_step)) == shown
        self._write(at_once, history, range(DAYS))
        detect([at_once.pk])
        for account in (step_by_step, at_once):
            evaluate_range(account.pk, account.pk)
            assert sum(evaluate_range(account.pk, account.pk).values()) == 0
        stands = standing(history, events)
        some, all_at_once = offers_of(step_by_step), offers_of(at_once)
        assert all_at_once <= some
        assert campaigns_of(all_at_once) == stands
        assert campaigns_of(some - all_at_once) == shown - stands

    def test_two_conditions_that_flip_within_a_day_are_both_offered_and_neither_twice(self) -> None:
        account = AccountFactory()
        flips: list[Row] = [{"seat_utilisation": 0.9}, {"cancellation_intent": True}] * 3
        for row in flips:
            know(account, 0, **row)
            self._react(account)
        assert campaigns_of(offers_of(account)) == {"used", "leaving"}
        assert Candidate.objects.filter(account=account).count() == 2

    def test_an_offer_is_not_taken_back_and_says_what_was_known(self) -> None:
        account = AccountFactory()
        know(account, 0, seat_utilisation=0.95)
        self._react(account)
        know(account, 0, seat_utilisation=0.2)
        evaluate_range(account.pk, account.pk)
        offer = Offer.objects.get(account=account)
        assert (offer.state, offer.evidence["facts"]["seat_utilisation"]) == ("in_approval", 0.95)

    def test_money_is_that_of_the_facts_in_the_evidence(self) -> None:
        share = RewardFactory(value_basis="percent_of_arr", percent=10)
        campaign_on("paid_months", key="share", parameters={"months": 3}, rewards=[share])
        account = AccountFactory()
        for arr in (1000, 5000):
            know(account, 0, billing_frequency="monthly", paid_months=3, arr=arr)
            self._react(account)
            evaluate_range(account.pk, account.pk)
        offer = Offer.objects.get(account=account)
        assert (offer.face_value, offer.evidence["facts"]["arr"]) == (100, 1000.0)

    @staticmethod
    def _write(account: Account, history: History, days: Any) -> None:
        for back in days:
            AccountFacts.objects.filter(account=account, day=ago(back)).delete()
            if back in history:
                know(account, back, **history[back])

    @staticmethod
    def _event(account: Account, back: int) -> None:
        moment = timezone.now() - timedelta(days=back, minutes=1)
        EventFactory(account=account, name=EVENT, occurred_at=moment)

    @staticmethod
    def _react(account: Account) -> None:
        """What the pipeline does with a dirty account, but for the facts, which are written here."""
        detect([account.pk])
        follow({account.pk: ago(DAYS - 1)}, ago(0))
        while evaluate_due() is not None:
            pass
