"""Shares over age: one line a group, the one that matters in colour, all on the same axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, dot, drawing, line, path, text
from loyalty.core.figures import percent_text

WIDTH, HEIGHT = 560, 260
LEFT, RIGHT, TOP, FLOOR = 44, 500, 14, 220
WHOLE = Decimal(1)
TICKS = (Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), WHOLE)


@dataclass(frozen=True)
class Curve:
    """The share (0 to 1) of one group at age 0, 1, 2 …; a `main` curve is drawn in colour and labelled."""

    label: str
    shares: Sequence[Decimal]
    is_main: bool = False


def curves(lines: Sequence[Curve], title: str, ages: str) -> SafeString:
    """Draw the curves from age 0 on; `ages` names the unit of age. Without a share nothing is drawn."""
    drawn = [one for one in lines if one.shares]
    if not drawn:
        return SafeString("")
    oldest = max(len(one.shares) for one in drawn) - 1
    across, up = Scale(0, max(oldest, 1), LEFT, RIGHT), Scale(0, 1, FLOOR, TOP)
    marks = [line(LEFT, up(tick), RIGHT, up(tick), "axis" if not tick else "grid") for tick in TICKS]
    marks += [text(LEFT - 6, up(tick) + 4, percent_text(tick, 0), anchor="end") for tick in TICKS]
    marks += [text(across(age), FLOOR + 18, str(age), anchor="middle") for age in _marked(oldest)]
    marks.append(text((LEFT + RIGHT) / 2, HEIGHT - 4, ages, anchor="middle"))
    told = []
    for one in sorted(drawn, key=lambda c: c.is_main):
        points = [(across(age), up(min(share, WHOLE))) for age, share in enumerate(one.shares)]
        marks.append(path(points, "line" if one.is_main else "line-quiet"))
        if one.is_main:
            marks += [dot(*points[-1]), text(points[-1][0] + 8, points[-1][1] + 4, one.label, "value")]
        told.append(f"{one.label}: {percent_text(one.shares[-1])} at age {len(one.shares) - 1}")
    return drawing(WIDTH, HEIGHT, title, "; ".join(told) + ".", marks)


def _marked(oldest: int) -> list[int]:
    """Ages that are written on the axis: six at most, the first among them."""
    return list(range(0, oldest + 1, max(1, -(-oldest // 6))))
