"""What is used of a limit, day by day, and the day on which it would be gone."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.svg import Point, Scale, dot, drawing, line, path, text
from loyalty.core.figures import day_text
from loyalty.core.money import money

WIDTH, HEIGHT = 560, 220
LEFT, RIGHT, TOP, FLOOR = 4, 548, 34, 194
NEAR_THE_EDGE = 0.82


def burndown(
    used: Sequence[tuple[date, Decimal]],
    limit: Decimal,
    ends_on: date,
    gone_on: date | None,
    title: str,
    said: Callable[[Decimal], str] = money,
    part_said: Callable[[Decimal, Decimal], str] = lambda part, whole: f"{money(part)} of {money(whole)}",
    is_endless: bool = False,
) -> SafeString:
    """Draw use in the order of its days against a limit; `said` writes both for people, `part_said` one of the other.

    The period is half-open: it ends before `ends_on`. `gone_on` is the projected day on
    which the limit is reached, None when it is not in sight. Of an endless period `ends_on`
    is only where the picture stops. Empty use draws nothing.
    """
    if not used:
        return SafeString("")
    (first, _), (today, so_far) = used[0], used[-1]
    across = Scale(first.toordinal(), max(ends_on, today).toordinal(), LEFT, RIGHT)
    up = Scale(0, max(limit, *(amount for _, amount in used)), FLOOR, TOP)
    points = [(across(day.toordinal()), up(amount)) for day, amount in used]
    here = points[-1]
    anchor = "end" if here[0] > WIDTH * 0.6 else "start"
    marks = [
        line(LEFT, FLOOR, RIGHT, FLOOR, "axis"),
        line(LEFT, up(limit), RIGHT, up(limit), "limit"),
        _name_of_limit(here, up(limit), said(limit), aside=gone_on is None or gone_on <= today),
        path(points, "area", close_at=FLOOR),
        path(points, "line"),
        text(LEFT, HEIGHT - 6, day_text(first)),
        text(RIGHT, HEIGHT - 6, day_text(ends_on) if is_endless else f"until {day_text(ends_on)}", anchor="end"),
    ]
    told = f"{part_said(so_far, limit)} used by {day_text(today)}."
    if gone_on and gone_on > today and so_far < limit:
        marks += _ahead(here, across, up, limit, gone_on, ends_on)
        told += f" At this pace it is gone on {day_text(gone_on)}."
    # Use only grows: above and left of the last mark is free, and so is below and right.
    place = (here[0] - 10, here[1] - 8) if anchor == "end" else (here[0] + 10, here[1] + 16)
    marks += [dot(*here), text(*place, said(so_far), "value", anchor)]
    return drawing(WIDTH, HEIGHT, title, told, marks)


def _name_of_limit(here: Point, height: float, limit: str, *, aside: bool) -> str:
    """The limit's label stands left, or right when the figure of today would cover it (`aside` allows that)."""
    words = f"Cap {limit}"
    if aside and here[0] < WIDTH * 0.4:
        return text(RIGHT, height - 8, words, "limit-text", "end")
    return text(LEFT, height - 8, words, "limit-text")


def _ahead(here: Point, across: Scale, up: Scale, limit: Decimal, gone_on: date, ends_on: date) -> list[str]:
    """The dashed way to the limit, cut where the period ends."""
    goal = (across(gone_on.toordinal()), up(limit))
    edge = across(ends_on.toordinal())
    if goal[0] > edge:
        share = (edge - here[0]) / (goal[0] - here[0]) if goal[0] != here[0] else 0
        return [path([here, (edge, here[1] + share * (goal[1] - here[1]))], "line-ahead")]
    anchor = "end" if goal[0] > WIDTH * NEAR_THE_EDGE else "middle"
    return [path([here, goal], "line-ahead"), text(goal[0], goal[1] - 8, f"gone {day_text(gone_on)}", "value", anchor)]
