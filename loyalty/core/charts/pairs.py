"""A figure before and after, a pair of lying bars a kind, held against a limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Scale, bar, drawing, line, text

WIDTH, HEAD, ROW, BAR = 560, 26, 52, 14
BARS_FROM, BARS_TO = 96, 400
# No longer are the words beside a bar.
WORDS = 112


@dataclass(frozen=True)
class Pair:
    """One kind."""

    label: str
    before: Decimal
    after: Decimal


def pairs(
    kinds: Sequence[Pair], limit: Decimal, limit_words: str, title: str, said: Callable[[Decimal], str]
) -> SafeString:
    """Draw each kind in its order, before in grey above after in colour, on one scale that holds zero and the limit.

    `said` writes a figure for people. Empty draws nothing.
    """
    if not kinds:
        return SafeString("")
    figures = [figure for kind in kinds for figure in (kind.before, kind.after)]
    across = Scale(min(Decimal(0), *figures), max(limit, *figures), BARS_FROM, BARS_TO)
    height = HEAD + len(kinds) * ROW
    marks = [line(across(0), HEAD - 4, across(0), height - 6, "zero")]
    for place, kind in enumerate(kinds):
        top = HEAD + place * ROW
        marks.append(text(0, top + BAR * 1.5, kind.label))
        for row, (figure, word, css) in enumerate(((kind.before, "before", "bar-total"), (kind.after, "after", "bar"))):
            y = top + row * (BAR + 4)
            marks.append(bar(across(0), across(figure), y, BAR, css))
            x = _beside(max(across(figure), across(0)), across(limit))
            marks.append(text(x, y + BAR - 2, f"{said(figure)} {word}", "value"))
    marks += [
        line(across(limit), HEAD - 8, across(limit), height - 6, "limit"),
        text(across(limit), HEAD - 12, limit_words, "limit-text", "middle"),
    ]
    told = "; ".join(f"{kind.label} {said(kind.before)} before, {said(kind.after)} after" for kind in kinds)
    return drawing(WIDTH, height, title, f"{told}; {limit_words}.", marks)


def _beside(end: float, limit: float) -> float:
    """Where the words of a bar begin: at its end, or behind the limit that would go through them."""
    return limit + 8 if end <= limit < end + WORDS else end + 8
