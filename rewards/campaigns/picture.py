"""The funnel of a campaign, drawn: how many came how far."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, bar, drawing, text
from loyalty.core.figures import number_text
from rewards.campaigns.funnel import Stage

WIDTH, LINE, LABELS, FIGURES = 640, 28, 110, 60


def funnel_picture(stages: Sequence[Stage], name: str) -> SafeString:
    """Lying bars from the first stage to the last; nothing when nobody matched."""
    if not stages or not stages[0].count:
        return SafeString("")
    most = max(stage.count for stage in stages)
    across = Scale(0, most, LABELS, WIDTH - FIGURES)
    marks = []
    for n, stage in enumerate(stages):
        y = n * LINE + 6
        marks.append(text(LABELS - 10, y + 13, stage.label, anchor="end"))
        if stage.count:
            marks.append(bar(LABELS, across(stage.count), y, 18, "bar"))
        marks.append(text((across(stage.count) if stage.count else LABELS) + 6, y + 13, number_text(stage.count)))
    told = "; ".join(f"{stage.label} {number_text(stage.count)}" for stage in stages)
    return drawing(WIDTH, LINE * len(stages) + 6, f"Funnel of {name}", told, marks)
