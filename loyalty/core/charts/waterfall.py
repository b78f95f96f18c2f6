"""From an opening figure to a closing one, each movement a bar that starts where the last ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, bar, drawing, line, text
from loyalty.core.figures import signed
from loyalty.core.money import money

WIDTH, ROW, BAR = 560, 34, 18
BARS_FROM, BARS_TO = 120, 430


@dataclass(frozen=True)
class Step:
    """One row: a movement by `amount`, or (`is_total`) a figure that stands on zero."""

    label: str
    amount: Decimal
    is_total: bool = False


def waterfall(steps: Sequence[Step], title: str, currency: str = "USD") -> SafeString:
    """Draw steps from top to bottom; money in `currency`. Raises ValueError when a total does not add up."""
    spans = _spans(steps)
    ends = [end for span in spans for end in span] + [Decimal(0)]
    across = Scale(min(ends), max(ends), BARS_FROM, BARS_TO)
    marks = [line(across(0), 2, across(0), len(steps) * ROW - 2, "zero")]
    told = []
    for place, (step, (start, end)) in enumerate(zip(steps, spans, strict=True)):
        top = place * ROW + (ROW - BAR) / 2
        amount = money(step.amount, currency) if step.is_total else signed(money(step.amount, currency))
        baseline = top + BAR / 2 + 4
        if place:
            marks.append(line(across(spans[place - 1][1]), top - (ROW - BAR), across(spans[place - 1][1]), top, "link"))
        marks.append(text(0, baseline, step.label, "total" if step.is_total else ""))
        if start != end:
            marks.append(bar(across(start), across(end), top, BAR, _css(step)))
        marks.append(text(WIDTH, baseline, amount, "value" if step.is_total else "", "end"))
        told.append(f"{step.label} {amount}")
    return drawing(WIDTH, len(steps) * ROW, title, "; ".join(told) + ".", marks)


def _spans(steps: Sequence[Step]) -> list[tuple[Decimal, Decimal]]:
    """Where each bar starts and ends; a total after the first must equal what led to it."""
    level = Decimal(0)
    spans = []
    for place, step in enumerate(steps):
        if not step.is_total:
            spans.append((level, level + step.amount))
            level += step.amount
            continue
        if place and step.amount != level:
            raise ValueError(f"{step.label} is {step.amount}, but the steps before it lead to {level}")
        spans.append((Decimal(0), step.amount))
        level = step.amount
    return spans


def _css(step: Step) -> str:
    if step.is_total:
        return "bar-total"
    return "bar-fall" if step.amount < 0 else "bar-rise"
