"""What a person types to make or edit a reward. Forms only validate."""

from decimal import Decimal
from typing import Any

from django import forms

from loyalty.core.changes.forms import BESIDE, ProposalForm, ReasonField
from loyalty.core.people.rules import FUNCTION_LABELS
from rewards.catalogue.rules import BASIS_WORDS, KINDS, Accounting, Basis, Delivery, RewardStatus, owner_of_kind

HANDED = [(Delivery.AUTOMATIC.value, "Automatically, by webhook or billing"), (Delivery.BY_HAND.value, "By a person")]
BOOKED = [
    (Accounting.LIABILITY.value, "Liability until used"),
    (Accounting.PRICE_REDUCTION.value, "Price reduction"),
    (Accounting.EXPENSE.value, "Expense of ours"),
    (Accounting.NONE.value, "Nothing to book"),
]
AMOUNT = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


def _amount(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_digits=9, decimal_places=2, required=False, help_text=help_text,
        widget=AMOUNT,
    )  # fmt: skip


class RewardForm(ProposalForm):
    """The terms of a reward."""

    name = forms.CharField(label="Name", max_length=120)
    description = forms.CharField(
        label="What the customer gets", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    value_basis = forms.ChoiceField(
        label="Value is",
        choices=[(b.value, words[0].upper() + words[1:]) for b, words in BASIS_WORDS.items()],
        help_text="A share of an account’s own money is worked out for each offer.",
    )
    percent = forms.DecimalField(
        label="Per cent", min_value=Decimal("0.01"), max_value=Decimal(100), decimal_places=2, required=False,
        widget=AMOUNT, help_text="Only for a share.",
    )  # fmt: skip
    face_value = _amount("Face value", "What the customer sees, for a fixed amount.")
    marginal_cost = _amount("Cost to us")
    discount_equivalent = _amount("Discount-equivalent", "What it counts against caps and the Finance threshold.")
    delivery = forms.ChoiceField(label="Handed over", choices=HANDED)
    validity_days = forms.IntegerField(label="Valid for", min_value=1, max_value=3650)
    supply_limit = forms.IntegerField(
        label="Supply", min_value=1, max_value=1_000_000, required=False,
        help_text="How many can ever be given. Empty: no limit.",
    )  # fmt: skip
    taxable = forms.BooleanField(label="Taxable to a person", required=False)
    accounting = forms.ChoiceField(label="Accounting", choices=BOOKED)
    status = forms.ChoiceField(label="Status", choices=[])
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, was_live: bool, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        statuses = [s for s in RewardStatus if not (was_live and s is RewardStatus.DRAFT)]
        choices = [(s.value, s.value.capitalize()) for s in statuses]
        self.fields["status"] = forms.ChoiceField(label="Status", choices=choices)
        self.fields["reason"].required = needs_reason
        self.order_fields([name for name in self.fields if name not in ("status", "reason")] + ["status", "reason"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("value_basis") not in (None, "", Basis.FIXED.value) and not data.get("percent"):
            self.add_error("percent", "Give the per cent of the share.")
        return data

    @property
    def values(self) -> dict[str, Any]:
        """The edited fields as the change request keeps them: money and per cents as text."""
        data = {k: v for k, v in self.cleaned_data.items() if k not in BESIDE}
        return {k: f"{v:.2f}" if isinstance(v, Decimal) else v for k, v in data.items()}


class NewRewardForm(forms.Form):
    """A draft: its kind says who owns it and what is usual for it."""

    kind = forms.ChoiceField(
        label="Kind",
        choices=[
            (key, f"{kind.label} ({FUNCTION_LABELS[owner_of_kind(key)]})")
            for key, kind in sorted(KINDS.items(), key=lambda item: item[1].label)
        ],
        help_text="In brackets, who owns it.",
    )
    name = forms.CharField(label="Name", max_length=120)
    description = RewardForm.base_fields["description"]
    face_value = _amount("Face value", "In the reporting currency; empty for what has no money value.")
