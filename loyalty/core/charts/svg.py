"""The few SVG words that all pictures share."""

from collections.abc import Iterable
from decimal import Decimal
from html import escape

from django.utils.safestring import SafeString

Point = tuple[float, float]


class Scale:
    """A straight map from figures to picture units; a range of no width maps to its start."""

    def __init__(self, low: Decimal | int, high: Decimal | int, start: float, end: float) -> None:
        self.low, self.width = Decimal(low), Decimal(high) - Decimal(low)
        self.start, self.end = start, end

    def __call__(self, figure: Decimal | int) -> float:
        if not self.width:
            return self.start
        return self.start + float((Decimal(figure) - self.low) / self.width) * (self.end - self.start)


def drawing(width: int, height: int, title: str, desc: str, marks: Iterable[str], css: str = "chart") -> SafeString:
    """A whole picture; `marks` must be markup made by this module, `title` and `desc` plain text."""
    body = "".join(marks)
    return SafeString(
        f'<svg class="{css}" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{body}</svg>"
    )


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Words at a place; anchor is start, middle or end."""
    named = f' class="{css}"' if css else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def bar(x1: float, x2: float, y: float, thickness: float, css: str) -> str:
    """A lying bar between two places; at least one unit long, so that a small figure is still seen."""
    left, length = min(x1, x2), max(abs(x2 - x1), 1.0)
    return f'<rect class="{css}" x="{left:.1f}" y="{y:.1f}" width="{length:.1f}" height="{thickness:.1f}" rx="2"/>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def path(points: Iterable[Point], css: str, close_at: float | None = None) -> str:
    """A line through points, or the area between it and the height `close_at`."""
    places = list(points)
    steps = " ".join(f"{x:.1f} {y:.1f}" for x, y in places)
    tail = "" if close_at is None else f" L{places[-1][0]:.1f} {close_at:.1f} L{places[0][0]:.1f} {close_at:.1f}Z"
    return f'<path class="{css}" d="M{steps}{tail}"/>'


def dot(x: float, y: float, radius: float = 3.5) -> str:
    """The mark of one figure."""
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'
