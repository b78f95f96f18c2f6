"""Any sequence of reserve, spend, release and refund: the database equals a plain model of caps."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from loyalty.core.errors import DomainError
from rewards.caps.models import Cap, CapPeriod
from rewards.caps.rules import CapMeasure, CapScope, ReserveRequest, takes, targets
from rewards.caps.verbs import refund, release, reserve, spend
from rewards.offers.models import Offer
from tests.factories import CapFactory
from tests.faults.clients import offers

DAY = date(2026, 11, 22)
Target = tuple[CapScope, str, CapMeasure]
amounts = st.tuples(st.decimals("0.01", "60.00", places=2), st.booleans(), st.sampled_from(["", "gold"]))
limits = st.decimals("0.00", "100.00", places=2)
counts = st.lists(st.integers(0, 8).map(Decimal), min_size=2, max_size=2)


class Caps(RuleBasedStateMachine):
    """`state` is where each offer stands: reserved, spent, released, or refused."""

    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.pile = offers(60, Decimal(1), accounts=3, campaigns=2)
        self.limits: dict[Target, tuple[Decimal, bool]] = {}
        self.state: dict[int, tuple[str, dict[Target, Decimal]]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @initialize(programme=limits, account=limits, campaign=limits, campaign_is_hard=st.booleans(), times=counts)
    def set_caps(
        self, programme: Decimal, account: Decimal, campaign: Decimal, campaign_is_hard: bool, times: list[Decimal]
    ) -> None:
        first = self.pile[0]
        value, occurrences = CapMeasure.VALUE, CapMeasure.OCCURRENCES
        for scope, key, measure, limit, is_hard in (
            (CapScope.PROGRAMME, "", value, programme, True),
            (CapScope.ACCOUNT, str(first.account_id), value, account, True),
            (CapScope.CAMPAIGN, str(first.campaign_id), value, campaign, campaign_is_hard),
            (CapScope.TIER, "gold", value, account * 2, True),
            (CapScope.REWARD, str(first.reward_id), occurrences, times[0], True),
            (CapScope.ACCOUNT, str(first.account_id), occurrences, times[1], campaign_is_hard),
        ):
            of = {"scope": scope.value, "scope_key": key, "measure": measure.value, "period": "year"}
            CapFactory(name=f"{scope.label} {measure}", limit=limit, is_hard=is_hard, **of)
            self.limits[scope, key, measure] = (limit, is_hard)

    @rule(target=asked, batch=st.lists(amounts, min_size=1, max_size=5))
    def ask(self, batch: list[tuple[Decimal, bool, str]]) -> list[int]:
        taken, self.pile = self.pile[: len(batch)], self.pile[len(batch) :]
        requests = [self.request(offer, *amount) for offer, amount in zip(taken, batch, strict=False)]
        results = reserve(requests)
        for request in requests:
            bound = self.bound(request)
            expected = all(self.fits(t, amount) for t, amount in bound.items() if self.limits[t][1])
            exceeded = any(not self.fits(t, amount) for t, amount in bound.items())
            assert results[request.offer_id].ok is expected
            assert bool(results[request.offer_id].exceeded) is (expected and exceeded)
            assert bool(results[request.offer_id].reason) is not expected
            self.state[request.offer_id] = ("reserved" if expected else "refused", bound)
        return [request.offer_id for request in requests]

    @rule(ids=asked, which=st.integers(0, 4))
    def spend(self, ids: list[int], which: int) -> None:
        if ids:
            self.step(ids[which % len(ids)], spend, {"reserved": "spent"}, refused_from={"released"})

    @rule(ids=asked, which=st.integers(0, 4))
    def release(self, ids: list[int], which: int) -> None:
        if ids:
            self.step(ids[which % len(ids)], release, {"reserved": "released"}, refused_from=set())

    @rule(ids=asked, which=st.integers(0, 4))
    def refund(self, ids: list[int], which: int) -> None:
        if ids:
            self.step(ids[which % len(ids)], refund, {"spent": "refunded"}, refused_from=set())

    def step(self, offer_id: int, verb: object, moves: dict[str, str], refused_from: set[str]) -> None:
        """Say it twice: the first moves what the model moves, the second nothing."""
        state, bound = self.state[offer_id]
        if state in refused_from and bound:
            with pytest.raises(DomainError, match="released already"):
                verb(offer_id)  # type: ignore[operator]
            return
        expected = len(bound) if state in moves else 0
        assert [verb(offer_id), verb(offer_id)] == [expected, 0]  # type: ignore[operator]
        self.state[offer_id] = (moves.get(state, state), bound)

    @invariant()
    def counters_equal_the_model(self) -> None:
        for period in CapPeriod.objects.select_related("cap"):
            target = self.target(period.cap)
            assert (period.reserved, period.spent) == (self.taken(target, "reserved"), self.taken(target, "spent"))
            assert not period.cap.is_hard or period.reserved + period.spent <= period.cap.limit

    def fits(self, target: Target, amount: Decimal) -> bool:
        committed = self.taken(target, "reserved") + self.taken(target, "spent")
        return committed + amount <= self.limits[target][0]

    def taken(self, target: Target, wanted: str) -> Decimal:
        return sum((bound.get(target, Decimal(0)) for s, bound in self.state.values() if s == wanted), Decimal(0))

    def bound(self, request: ReserveRequest) -> dict[Target, Decimal]:
        """What the request takes of each cap that binds it, by the rules in Python."""
        named = {t: takes(t[2], request) for t in self.limits if t[:2] in targets(request)}
        return {target: taken for target, taken in named.items() if taken is not None}

    @staticmethod
    def target(cap: Cap) -> Target:
        return CapScope(cap.scope), cap.scope_key, CapMeasure(cap.measure)

    @staticmethod
    def request(offer: Offer, amount: Decimal, is_by_hand: bool, tier: str) -> ReserveRequest:
        return ReserveRequest(
            offer_id=offer.pk,
            account_id=offer.account_id,
            campaign_id=offer.campaign_id,
            function="cs",
            reward_kind="service_credit",
            amount=amount,
            day=DAY,
            reward_id=offer.reward_id,
            is_by_hand=is_by_hand,
            tier=tier,
        )


@pytest.mark.django_db
def test_caps_equal_a_plain_model() -> None:
    run_state_machine_as_test(Caps, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))
