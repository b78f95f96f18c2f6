"""A picture of subscriptions over time: one bar each, overlapping as they do."""

from collections.abc import Sequence
from datetime import date

from django.utils.safestring import SafeString

from accounts.book.rules import SubscriptionState
from accounts.book.sheet import Held, Step
from loyalty.core.charts.svg import Scale, bar, dot, drawing, line, text
from loyalty.core.figures import day_text, number_text
from loyalty.core.money import money

WIDTH, ROW, TOP, LEFT, RIGHT = 640, 22, 20, 4, 632
MOST = 14
COLOURS = {
    SubscriptionState.ACTIVE: "bar",
    SubscriptionState.TRIAL: "bar-fall",
    SubscriptionState.PAUSED: "bar-fall",
    SubscriptionState.ENDED: "bar-total",
    SubscriptionState.AHEAD: "bar-total",
}


def timeline(held: Sequence[Held], day: date, count: int) -> SafeString:
    """Draw the subscriptions in their order, at most MOST, a dot where the MRR changed.

    `count` is how many there are, those that are not held included. The upright line is `day`. Nothing draws nothing.
    """
    if not held:
        return SafeString("")
    drawn = held[:MOST]
    ends = [h.ends_on or day for h in drawn]
    first, last = min(h.subscription.starts_on for h in drawn), max([day, *ends])
    across = Scale(first.toordinal(), max(last.toordinal(), first.toordinal() + 1), LEFT, RIGHT)
    height = TOP + ROW * len(drawn) + 18
    marks = [line(across(day.toordinal()), TOP - 6, across(day.toordinal()), height - 16, "zero")]
    for place, h in enumerate(drawn):
        y = TOP + place * ROW
        start = across(h.subscription.starts_on.toordinal())
        end = across((h.ends_on or last).toordinal())
        marks.append(bar(start, end, y + 11, 5, COLOURS[h.state]))
        marks += [dot(across(step.since.toordinal()), y + 13.5, 3) for step in _changes(h) if step.since <= last]
        near_the_end = start > WIDTH * 0.6
        marks.append(text(RIGHT if near_the_end else start, y + 8, _label(h), "", "end" if near_the_end else "start"))
    marks += [text(LEFT, height - 2, day_text(first)), text(RIGHT, height - 2, day_text(last), anchor="end")]
    running = sum(h.state is SubscriptionState.ACTIVE for h in drawn)
    told = f"{drawn_of(held, count)} from {day_text(first)}; {running} active on {day_text(day)}."
    return drawing(WIDTH, height, "Subscriptions over time", told, marks)


def drawn_of(held: Sequence[Held], count: int) -> str:
    """How many subscriptions the picture shows: “3 subscriptions”, “14 of 54 subscriptions”."""
    drawn, words = min(len(held), MOST), f"{number_text(count)} subscription{'' if count == 1 else 's'}"
    return words if drawn == count else f"{number_text(drawn)} of {words}"


def _changes(held: Held) -> list[Step]:
    """The steps at which a subscription became worth more or less."""
    following = held.steps[1:]
    return [step for before, step in zip(held.steps, following, strict=False) if before.terms.mrr != step.terms.mrr]


def _label(held: Held) -> str:
    sold = held.terms
    plan = sold.plan or "Subscription"
    if held.state is SubscriptionState.TRIAL or sold.is_trial:
        return f"{plan}, trial"
    if held.state is SubscriptionState.PAUSED:
        return f"{plan}, paused"
    return f"{plan}, {money(sold.mrr, sold.currency)}" if sold.mrr is not None else sold.plan
