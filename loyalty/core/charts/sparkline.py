"""A word-sized line: the run of one figure, its last value marked."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, dot, drawing, path
from loyalty.core.figures import number_text

WIDTH, HEIGHT, EDGE = 96, 24, 3


def sparkline(values: Sequence[Decimal | int], title: str) -> SafeString:
    """Draw values in their order, evenly spaced, from zero or the lowest upwards; empty draws nothing."""
    if not values:
        return SafeString("")
    across = Scale(0, max(len(values) - 1, 1), EDGE, WIDTH - EDGE)
    up = Scale(min(0, min(values)), max(0, max(values)), HEIGHT - EDGE, EDGE)
    points = [(across(place), up(value)) for place, value in enumerate(values)]
    lowest, highest, last = (number_text(v) for v in (min(values), max(values), values[-1]))
    desc = f"From {number_text(values[0])} to {last}; lowest {lowest}, highest {highest}."
    return drawing(
        WIDTH, HEIGHT, title, desc, [path(points, "line"), dot(*points[-1], radius=2.5)], css="chart sparkline"
    )
