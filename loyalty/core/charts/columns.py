"""Money by month: one standing bar each, from zero, the largest labelled."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, drawing, line, text
from loyalty.core.figures import month_text
from loyalty.core.money import money

WIDTH, HEIGHT = 560, 170
LEFT, RIGHT, TOP, FLOOR = 4, 556, 26, 140
THINNEST = 1.0


def columns(months: Sequence[tuple[date, Decimal]], title: str, currency: str = "USD") -> SafeString:
    """Draw amounts, none below zero, in the order of their months (each by its first day); empty draws nothing."""
    if not months:
        return SafeString("")
    most = max(amount for _, amount in months)
    up = Scale(0, most, 0, FLOOR - TOP)
    step = (RIGHT - LEFT) / max(len(months), 6)
    marks = [line(LEFT, FLOOR, RIGHT, FLOOR, "axis")]
    for place, (_, amount) in enumerate(months):
        left, height = LEFT + place * step, max(up(amount), THINNEST)
        if amount:
            marks.append(_column(left + step * 0.15, step * 0.7, height))
        if amount == most and most:
            # A label in the middle of a bar at the edge would leave the picture.
            middle = min(max(left + step / 2, LEFT + 50), RIGHT - 50)
            marks.append(text(middle, FLOOR - height - 8, money(amount, currency), "value", "middle"))
            most = Decimal("Infinity")
    for place in {0, len(months) - 1}:
        anchor = "end" if place and len(months) > 5 else "start"
        x = LEFT + (place + (anchor == "end")) * step
        marks.append(text(x, HEIGHT - 10, month_text(months[place][0]), anchor=anchor))
    told = "; ".join(f"{month_text(month)} {money(amount, currency)}" for month, amount in months)
    return drawing(WIDTH, HEIGHT, title, f"{told}.", marks)


def _column(left: float, width: float, height: float) -> str:
    return (
        f'<rect class="bar" x="{left:.1f}" y="{FLOOR - height:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'
    )
