"""Life of a change request, as a table; who may decide it; and what exactly is decided."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any


class ChangeState(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    APPLIED = "applied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


class ChangeAction(StrEnum):
    SUBMIT = "submit"
    EDIT = "edit"
    REQUEST_CHANGES = "request_changes"
    APPROVE = "approve"
    APPLY = "apply"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


S, A = ChangeState, ChangeAction

TRANSITIONS: dict[tuple[ChangeState, ChangeAction], ChangeState] = {
    (S.DRAFT, A.SUBMIT): S.PENDING,
    (S.DRAFT, A.EDIT): S.DRAFT,
    (S.DRAFT, A.WITHDRAW): S.WITHDRAWN,
    (S.PENDING, A.EDIT): S.PENDING,
    (S.PENDING, A.REQUEST_CHANGES): S.CHANGES_REQUESTED,
    (S.PENDING, A.APPROVE): S.APPROVED,
    (S.PENDING, A.REJECT): S.REJECTED,
    (S.PENDING, A.WITHDRAW): S.WITHDRAWN,
    (S.PENDING, A.EXPIRE): S.EXPIRED,
    (S.CHANGES_REQUESTED, A.EDIT): S.PENDING,
    (S.CHANGES_REQUESTED, A.WITHDRAW): S.WITHDRAWN,
    (S.CHANGES_REQUESTED, A.EXPIRE): S.EXPIRED,
    (S.APPROVED, A.EDIT): S.PENDING,  # an edit voids the approval it had
    (S.APPROVED, A.APPLY): S.APPLIED,
    (S.APPROVED, A.REJECT): S.REJECTED,
    (S.APPROVED, A.WITHDRAW): S.WITHDRAWN,
    (S.APPROVED, A.EXPIRE): S.EXPIRED,
}

# What nobody decides for so long expires.
OPEN_FOR = timedelta(days=30)

OPEN_STATES = frozenset({S.DRAFT, S.PENDING, S.CHANGES_REQUESTED, S.APPROVED})


def next_state(state: ChangeState, action: ChangeAction) -> ChangeState | None:
    """The state that `action` leads to, or None when it makes no sense there."""
    return TRANSITIONS.get((state, action))


DECISIONS = frozenset({A.REQUEST_CHANGES, A.APPROVE, A.REJECT})
OF_THE_PROGRAMME = frozenset({A.APPLY, A.EXPIRE})
PAST_TENSE: dict[ChangeState, str] = {
    S.APPROVED: "approved",
    S.APPLIED: "approved",
    S.REJECTED: "rejected",
    S.WITHDRAWN: "withdrew",
}


@dataclass(frozen=True)
class Relation:
    """What a person is to a request: each is read from the database at the moment of deciding."""

    owns: bool
    proposed: bool
    edited: bool


@dataclass(frozen=True)
class Place:
    """In whose place somebody decides today, by name, and what that one is to the request."""

    name: str
    proposed: bool
    edited: bool


def decision_refusal(relation: Relation, owner: str, place: Place | None = None) -> str | None:
    """Why this person may not decide, or None when they may; `owner` is the function's name.

    Administrators are no exception, and nor is somebody who proposed in one
    function and sits in the owning one too, nor who decides in the `place` of somebody.
    """
    if relation.proposed:
        return "Nobody decides their own proposal. Ask a colleague."
    if relation.edited:
        return "You wrote a version of this proposal, so somebody else decides it."
    if place and (place.proposed or place.edited):
        tied = "proposed this" if place.proposed else "wrote a version of this proposal"
        return f"{place.name}, whom you stand in for, {tied}, so neither of you decides it."
    if not relation.owns:
        return f"{owner} decides this."
    return None


def refusal_of(
    action: ChangeAction, state: ChangeState, relation: Relation, owner: str, place: Place | None = None
) -> str | None:
    """Why this person may not do this, or None when they may. Whether the state allows it is `next_state`'s to say."""
    if action in DECISIONS:
        return decision_refusal(relation, owner, place)
    if action in OF_THE_PROGRAMME:
        return "The programme does this by itself, on its day."
    mine_only = action in (A.SUBMIT, A.WITHDRAW) or (action is A.EDIT and state is S.DRAFT)
    if mine_only and not relation.proposed:
        return "Only who proposed this can do that; you can comment."
    return None


def digest_of(
    kind: str, object_id: int, base_version: int, proposed: Mapping[str, Any], effective_on: date | None = None
) -> str:
    """SHA-256 (hex) of the terms that a decision is about, as canonical JSON; the day, if any, is one of them."""
    terms = {"kind": kind, "object_id": object_id, "base_version": base_version, "proposed": dict(proposed)}
    if effective_on is not None:
        terms["effective_on"] = effective_on.isoformat()
    return hashlib.sha256(json.dumps(terms, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields whose values differ, in the order of `after`."""
    return [field for field in after if before.get(field) != after[field]]
