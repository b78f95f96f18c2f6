"""The chart of accounts and the kinds of posting."""

from enum import StrEnum


class PostingKind(StrEnum):
    """Why the books moved; each kind is one column of the roll-forward."""

    ISSUE = "issue"
    REDEEM = "redeem"
    EXPIRE = "expire"
    REVERSE = "reverse"


class Book(StrEnum):
    """The ledger accounts of the programme. Amounts: debit positive, credit negative."""

    LIABILITY = "credit_liability"
    REWARD_COST = "reward_cost"
    RECEIVABLE = "receivable"
    BREAKAGE = "breakage_income"


BOOK_LABELS: dict[Book, str] = {
    Book.LIABILITY: "Credits granted, not yet used (liability)",
    Book.REWARD_COST: "Cost of rewards",
    Book.RECEIVABLE: "Customer invoices",
    Book.BREAKAGE: "Credits that lapsed",
}


def issue_key(grant_id: int) -> str:
    """The business key of the posting that issues the credit of a grant."""
    return f"issue:grant:{grant_id}"
