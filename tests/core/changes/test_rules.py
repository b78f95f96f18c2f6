"""The life of a change request is a total table, and deciding is pinned to people and terms."""

from itertools import product

import pytest

from loyalty.core.changes.rules import (
    OPEN_STATES,
    TRANSITIONS,
    ChangeAction,
    ChangeState,
    Relation,
    changed_fields,
    decision_refusal,
    digest_of,
    next_state,
)

S, A = ChangeState, ChangeAction

LEGAL = {
    S.DRAFT: {A.SUBMIT: S.PENDING, A.EDIT: S.DRAFT, A.WITHDRAW: S.WITHDRAWN},
    S.PENDING: {
        A.EDIT: S.PENDING,
        A.REQUEST_CHANGES: S.CHANGES_REQUESTED,
        A.APPROVE: S.APPROVED,
        A.REJECT: S.REJECTED,
        A.WITHDRAW: S.WITHDRAWN,
        A.EXPIRE: S.EXPIRED,
    },
    S.CHANGES_REQUESTED: {A.EDIT: S.PENDING, A.WITHDRAW: S.WITHDRAWN, A.EXPIRE: S.EXPIRED},
    S.APPROVED: {
        A.EDIT: S.PENDING,
        A.APPLY: S.APPLIED,
        A.REJECT: S.REJECTED,
        A.WITHDRAW: S.WITHDRAWN,
        A.EXPIRE: S.EXPIRED,
    },
    S.APPLIED: {},
    S.REJECTED: {},
    S.WITHDRAWN: {},
    S.EXPIRED: {},
}


@pytest.mark.parametrize(("state", "action"), list(product(ChangeState, ChangeAction)))
def test_every_state_and_action(state: ChangeState, action: ChangeAction) -> None:
    assert next_state(state, action) == LEGAL[state].get(action)


def test_the_table_here_is_total() -> None:
    assert set(LEGAL) == set(ChangeState)
    assert sum(len(steps) for steps in LEGAL.values()) == len(TRANSITIONS)


def test_only_open_states_go_anywhere() -> None:
    assert {state for state, _ in TRANSITIONS} == OPEN_STATES


@pytest.mark.parametrize(("owns", "proposed", "edited"), list(product([True, False], repeat=3)))
def test_who_may_decide(owns: bool, proposed: bool, edited: bool) -> None:
    refusal = decision_refusal(Relation(owns=owns, proposed=proposed, edited=edited), "Product")
    assert (refusal is None) == (owns and not proposed and not edited)
    if refusal:
        assert ("own proposal" in refusal) == proposed


def test_the_digest_follows_the_terms() -> None:
    terms = digest_of("milestone", 1, 1, {"count": 2, "name": "Report"})
    assert terms == digest_of("milestone", 1, 1, {"name": "Report", "count": 2})
    others = [
        digest_of("cap", 1, 1, {"count": 2, "name": "Report"}),
        digest_of("milestone", 2, 1, {"count": 2, "name": "Report"}),
        digest_of("milestone", 1, 2, {"count": 2, "name": "Report"}),
        digest_of("milestone", 1, 1, {"count": 3, "name": "Report"}),
        digest_of("milestone", 1, 1, {"count": "2", "name": "Report"}),
    ]
    assert len({terms, *others}) == 6


def test_changed_fields_keep_their_order() -> None:
    assert changed_fields({"a": 1, "b": 2, "c": 3}, {"c": 4, "a": 1, "b": None}) == ["c", "b"]
