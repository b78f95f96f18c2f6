"""How full a cap is, as a bar: spent, then reserved, then room up to the limit."""

from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, bar, drawing, line
from rewards.caps.rules import Use

WIDTH, HEIGHT, THICK = 240, 16, 10


def cap_bar(use: Use, name: str) -> SafeString:
    """Draw one cap; what goes beyond the limit is drawn beyond its mark."""
    across = Scale(0, max(use.limit, use.committed, Decimal("0.01")), 0, WIDTH - 2)
    top = (HEIGHT - THICK) / 2
    marks = [bar(0, across(use.limit), top, THICK, "bar-room")]
    if use.reserved:
        marks.append(bar(across(use.spent), across(use.committed), top, THICK, "bar-reserved"))
    if use.spent:
        marks.append(bar(0, across(use.spent), top, THICK, "bar"))
    marks.append(line(across(use.limit), 1, across(use.limit), HEIGHT - 1, "limit"))
    told = "{spent} spent and {reserved} reserved of {limit}.".format(**use.said)
    return drawing(WIDTH, HEIGHT, f"Use of the cap {name}", told, marks, css="chart cap-bar")
