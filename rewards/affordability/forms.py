"""What a person types to set the assumptions. Forms only validate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField

from loyalty.core.changes.forms import ProposalForm, ReasonField
from rewards.affordability.rules.assumptions import (
    ALL,
    ASSUMPTIONS,
    LONGEST_SOURCE,
    Assumption,
    Unit,
    part_label,
    parts_of,
)
from rewards.caps.forms import AmountField

FIGURE = "Figure"
WIDGET = {"inputmode": "decimal", "autocomplete": "off"}


def field_name(name: str, part: str) -> str:
    """The field of one part of an assumption."""
    return name if part == ALL else f"{name}_{part}"


@dataclass(frozen=True)
class Row:
    """One assumption of the form: its figures, and the date and source that they share."""

    figure: Assumption
    unit: str
    parts: list[BoundField]
    as_of: BoundField
    source: BoundField


class AssumptionsForm(ProposalForm):
    """Each figure by its parts, with its date and source; what is left empty is not set. `tiers`: names by key."""

    reason = ReasonField(required=False)

    def __init__(self, data: Any, *, begins: Mapping[str, Any], tiers: Mapping[str, str], needs_reason: bool) -> None:
        self.tiers = tiers
        super().__init__(data, initial={k: v for k, v in begins.items() if k not in ASSUMPTIONS} | _flat(begins))
        self.fields["reason"].required = needs_reason
        for name, figure in ASSUMPTIONS.items():
            for part in parts_of(name, tiers):
                self.fields[field_name(name, part)] = _figure_field(figure, part_label(part, tiers) or FIGURE)
            self.fields[f"{name}_as_of"] = forms.DateField(
                label="As of",
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"{name}_source"] = forms.CharField(
                label="Source", required=False, max_length=LONGEST_SOURCE, widget=forms.TextInput()
            )

    def rows(self) -> Iterator[Row]:
        """The assumptions in their order, for the page."""
        for name, figure in ASSUMPTIONS.items():
            parts = [self[field_name(name, part)] for part in parts_of(name, self.tiers)]
            yield Row(
                figure,
                figure.unit.value or settings.REPORTING_CURRENCY,
                parts,
                self[f"{name}_as_of"],
                self[f"{name}_source"],
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ASSUMPTIONS:
            if any(cleaned.get(field_name(name, part)) is not None for part in parts_of(name, self.tiers)):
                if not cleaned.get(f"{name}_as_of") and f"{name}_as_of" not in self.errors:
                    self.add_error(f"{name}_as_of", "Say of which day it is.")
                if not cleaned.get(f"{name}_source") and f"{name}_source" not in self.errors:
                    self.add_error(f"{name}_source", "Say where it comes from.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """The assumptions as the change request keeps them; figures as text."""
        return {name: self._value(name) for name in ASSUMPTIONS}

    def _value(self, name: str) -> dict[str, Any] | None:
        data = self.cleaned_data
        figures = {part: data[field_name(name, part)] for part in parts_of(name, self.tiers)}
        of = {part: str(figure) for part, figure in figures.items() if figure is not None}
        if not of:
            return None
        return {"of": of, "as_of": data[f"{name}_as_of"].isoformat(), "source": data[f"{name}_source"]}


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields begin with."""
    begins: dict[str, Any] = {}
    for name in ASSUMPTIONS:
        value = values.get(name) or {}
        begins |= {field_name(name, part): figure for part, figure in (value.get("of") or {}).items()}
        begins |= {f"{name}_as_of": value.get("as_of"), f"{name}_source": value.get("source", "")}
    return begins


def _figure_field(figure: Assumption, label: str) -> forms.DecimalField:
    kind = AmountField if figure.unit is Unit.MONEY else forms.DecimalField
    return kind(
        label=label,
        required=False,
        min_value=figure.least,
        max_value=figure.most,
        max_digits=11,
        decimal_places=figure.places,
        widget=forms.TextInput(attrs=WIDGET),
    )
