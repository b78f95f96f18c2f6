"""What Finance types to map accounts, and to reopen a month. Forms only validate."""

from django import forms

from loyalty.core.changes.forms import ProposalForm, ReasonField
from rewards.closing.rules import LONGEST_CODE
from rewards.ledger.rules import BOOK_LABELS


class ReopenForm(forms.Form):
    reason = ReasonField()


class CodesForm(ProposalForm):
    """One field a ledger account."""

    reason = ReasonField(help_text="")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for book, label in BOOK_LABELS.items():
            self.fields[book.value] = forms.CharField(label=label, max_length=LONGEST_CODE)
        self.order_fields([*(book.value for book in BOOK_LABELS), "reason"])
