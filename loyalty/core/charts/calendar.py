"""A calendar of what was kept: a column a week with a row for each weekday, or one row of weeks.

Each mark has a form of its own, so that nothing hangs on colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import drawing, line, text
from loyalty.core.figures import day_text

SIDE, GAP, HEAD, MARGIN = 14, 4, 18, 30
STEP = SIDE + GAP
WEEKDAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")


class Mark(StrEnum):
    """What became of one day or week."""

    KEPT = "kept"
    MISSED = "missed"
    NOT_COUNTED = "not counted"
    OPEN = "still open"


@dataclass(frozen=True)
class Cell:
    """One day, or the week that begins on it."""

    day: date
    mark: Mark


def calendar(cells: Sequence[Cell], title: str, *, by_week: bool = False) -> SafeString:
    """Draw days in a row from a Monday on, or weeks (`by_week`), the oldest first; empty draws nothing."""
    if not cells:
        return SafeString("")
    rows = 1 if by_week else 7
    marks = []
    for row, name in enumerate(() if by_week else WEEKDAYS):
        marks.append(text(0, HEAD + row * STEP + SIDE - 3, name))
    for place, cell in enumerate(cells):
        marks.append(_drawn(cell.mark, MARGIN + place // rows * STEP, HEAD + place % rows * STEP))
    columns = -(-len(cells) // rows)
    for month, days in groupby(range(columns), key=lambda column: cells[column * rows].day.strftime("%b")):
        first, *others = days
        # A month of one column has no room for its name beside that of the next.
        if others or first == columns - 1:
            marks.append(text(MARGIN + first * STEP, HEAD - 6, month))
    told = ", ".join(f"{sum(cell.mark is mark for cell in cells)} {mark.value}" for mark in Mark)
    unit = "weeks" if by_week else "days"
    desc = f"From {day_text(cells[0].day)}, {len(cells)} {unit}: {told}."
    return drawing(MARGIN + columns * STEP, HEAD + rows * STEP, title, desc, marks, css="chart calendar")


def _drawn(mark: Mark, x: float, y: float) -> str:
    if mark is Mark.NOT_COUNTED:
        return f'<circle class="cell-out" cx="{x + SIDE / 2:.1f}" cy="{y + SIDE / 2:.1f}" r="2"/>'
    css = {Mark.KEPT: "cell-kept", Mark.MISSED: "cell-missed", Mark.OPEN: "cell-open"}[mark]
    box = f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{SIDE}" height="{SIDE}" rx="3"/>'
    if mark is Mark.MISSED:
        inset = 4.5
        ends = (x + inset, x + SIDE - inset, y + inset, y + SIDE - inset)
        return (
            box + line(ends[0], ends[2], ends[1], ends[3], "cross") + line(ends[0], ends[3], ends[1], ends[2], "cross")
        )
    return box
