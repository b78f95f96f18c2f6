"""The life of an offer: the table is total, and ends where it should."""

import itertools

import pytest

from rewards.offers.rules import OPEN_STATES, TRANSITIONS, OfferAction, OfferState, next_state

S, A = OfferState, OfferAction
ENDS = {S.DECLINED, S.LAPSED, S.WITHDRAWN, S.HELD_OUT, S.REDEEMED}


@pytest.mark.parametrize(("state", "action"), list(itertools.product(S, A)), ids=lambda x: x.value)
def test_every_pair_is_a_step_of_the_table_or_nothing(state: OfferState, action: OfferAction) -> None:
    assert next_state(state, action) == TRANSITIONS.get((state, action))


def test_nothing_leaves_an_end() -> None:
    assert {state for state, _ in TRANSITIONS} & ENDS == set()


def test_every_state_but_the_ends_leads_somewhere() -> None:
    assert set(S) - {state for state, _ in TRANSITIONS} == ENDS


def test_what_was_decided_leads_back_only_by_being_taken_back() -> None:
    assert [(action, to) for (state, action), to in TRANSITIONS.items() if state is S.REJECTED] == [
        (A.UNDO, S.IN_APPROVAL)
    ]
    undone = {state: to for (state, action), to in TRANSITIONS.items() if action is A.UNDO}
    assert undone == {S.REJECTED: S.IN_APPROVAL, S.APPROVED: S.IN_APPROVAL}
    assert {action for (_, action), to in TRANSITIONS.items() if to is S.IN_APPROVAL} == {A.UNDO, A.SEND_FOR_APPROVAL}


def test_only_open_offers_can_be_approved_or_rejected() -> None:
    deciding = {state for state, action in TRANSITIONS if action in (A.APPROVE, A.REJECT)}
    assert deciding <= OPEN_STATES


def test_an_overdue_offer_never_becomes_approved() -> None:
    lapsing = {to for (_, action), to in TRANSITIONS.items() if action is A.LAPSE}
    assert lapsing == {S.LAPSED}
