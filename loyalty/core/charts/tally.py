"""How many of each: one lying bar a kind, its count beside it."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, bar, drawing, line, text
from loyalty.core.figures import number_text

WIDTH, ROW, BAR = 320, 26, 14
BARS_FROM, BARS_TO = 76, 252


def tally(counts: Sequence[tuple[str, int]], title: str) -> SafeString:
    """Draw counts in their order, from the top, all on one scale from zero; empty draws nothing."""
    if not counts:
        return SafeString("")
    across = Scale(0, max(count for _, count in counts), BARS_FROM, BARS_TO)
    marks = [line(BARS_FROM, 2, BARS_FROM, len(counts) * ROW - 2, "zero")]
    for place, (label, count) in enumerate(counts):
        top = place * ROW + (ROW - BAR) / 2
        marks.append(text(0, top + BAR - 2, label))
        if count:
            marks.append(bar(BARS_FROM, across(count), top, BAR, "bar"))
        marks.append(text(across(count) + 8, top + BAR - 2, number_text(count), "value"))
    told = "; ".join(f"{label}: {number_text(count)}" for label, count in counts)
    return drawing(WIDTH, len(counts) * ROW, title, f"{told}.", marks)
