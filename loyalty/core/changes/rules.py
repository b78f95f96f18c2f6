"""Life of a change request, as a table."""

from enum import StrEnum


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

OPEN_STATES = frozenset({S.DRAFT, S.PENDING, S.CHANGES_REQUESTED, S.APPROVED})


def next_state(state: ChangeState, action: ChangeAction) -> ChangeState | None:
    """The state that `action` leads to, or None when it makes no sense there."""
    return TRANSITIONS.get((state, action))
