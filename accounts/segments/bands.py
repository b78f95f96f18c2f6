"""What each score from 1 to 5 means under the cut points in force, in words."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from accounts.facts.scores.rules import Point
from loyalty.core.figures import number_text
from loyalty.core.money import money

SCORES = (5, 4, 3, 2, 1)
NOBODY = "nobody"


def recency_bands(points: Sequence[Point] | None) -> list[str]:
    """Days since the last sign-in or key action, of each of SCORES; a score that no value reaches has nobody.

    `points` go upwards: as many points as lie at or above the days, and one more, is the score.
    """
    if points is None:
        return []
    falling = list(points)[::-1]
    told = []
    for score in SCORES:
        most = _at(falling, score - 2)
        least = _at(falling, score - 1)
        if score > 1 and (most is None or most == least):
            told.append(NOBODY)
        elif score == 1:
            told.append(f"more than {_days(least)}" if least is not None else "any number of days")
        elif least is None:
            told.append(f"at most {_days(most)}")
        else:
            told.append(_span(int(least) + 1, int(most or 0), "days"))
    return told


def frequency_bands(points: Sequence[Point] | None) -> list[str]:
    """Key actions in 30 days, of each of SCORES; as many points as lie at or below, and one more, is the score."""
    return _rising(points, lambda low, high: _span(int(low), int(high) - 1, ""), number_text)


def money_bands(points: Sequence[Point] | None, currency: str) -> list[str]:
    """The monetary measure in `currency`, of each of SCORES."""

    def said(amount: Point) -> str:
        return money(Decimal(amount), currency)

    return _rising(points, lambda low, high: f"{said(low)} to below {said(high)}", said)


def _rising(
    points: Sequence[Point] | None, between: Callable[[Point, Point], str], said: Callable[[Point], str]
) -> list[str]:
    if points is None:
        return []
    told = []
    for score in SCORES:
        low, high = _at(points, score - 2), _at(points, score - 1)
        if score > 1 and (low is None or low == high):
            told.append(NOBODY)
        elif score == 1:
            told.append(f"below {said(high)}" if high is not None else "any")
        elif low is not None and high is None:
            told.append(f"{said(low)} or more")
        elif low is not None and high is not None:
            told.append(between(low, high))
    return told


def _at(points: Sequence[Point], place: int) -> Point | None:
    return points[place] if 0 <= place < len(points) else None


def _span(low: int, high: int, unit: str) -> str:
    ends = number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"
    return f"{ends} {unit}".strip()


def _days(count: Point | None) -> str:
    return f"{number_text(count or 0)} {'day' if count == 1 else 'days'}"
