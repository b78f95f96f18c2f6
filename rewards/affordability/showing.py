"""The unit economics as people read them: a table with a column a plan segment, a picture, and lines of a CSV file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.safestring import SafeString

from loyalty.core.charts.pairs import Pair, pairs
from loyalty.core.figures import number_text, percent_text
from loyalty.core.money import cents, money
from rewards.affordability.rules.answer import UNKNOWN, Answer, ltv_text, ltv_to_cac_text, payback_text
from rewards.affordability.rules.economics import Group
from rewards.affordability.rules.guardrails import ratio_text

CSV_HEADER = (
    *("plan segment", "accounts that pay", "MRR", "average MRR", "gross margin", "monthly churn", "CAC"),
    *("reward cost of 12 months", "reward cost per account", "LTV before", "LTV after"),
    *("60-month cap before", "60-month cap after", "LTV:CAC before", "LTV:CAC after"),
    *("CAC payback months before", "CAC payback months after", "currency"),
)


@dataclass(frozen=True)
class Told:
    """A figure in words, and what stands under it: the labelled cap of what is not defined."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One measure: its cells in the order of the columns. `is_main`: what the page is about."""

    label: str
    cells: list[Told]
    is_main: bool = False


def told_of(words: str) -> Told:
    """Words with the part after their semicolon under them."""
    text, _, note = words.partition("; ")
    return Told(text, note)


def table(answer: Answer, currency: str) -> list[Line]:
    """The measures of each plan segment, and of all in the last column."""
    groups = [*answer.groups, answer.whole]

    def line(label: str, told: Callable[[Group], str], *, is_main: bool = False) -> Line:
        return Line(label, [told_of(told(group)) for group in groups], is_main)

    def amount(figure: Decimal | None) -> str:
        return UNKNOWN if figure is None else money(figure, currency)

    def share(figure: Decimal | None) -> str:
        return UNKNOWN if figure is None else percent_text(figure, 2)

    return [
        line("Accounts that pay", lambda g: number_text(g.accounts)),
        line("Average MRR", lambda g: amount(g.average_mrr)),
        line("Gross margin", lambda g: share(g.gross_margin)),
        line("Monthly churn", lambda g: share(g.churn)),
        line("CAC", lambda g: amount(g.cac)),
        line("Reward cost of 12 months", lambda g: money(g.cost, currency)),
        line("Reward cost per account", lambda g: amount(g.average_cost)),
        line("LTV before rewards", lambda g: ltv_text(g.before, currency)),
        line("LTV after rewards", lambda g: ltv_text(g.after, currency), is_main=True),
        line("LTV:CAC before rewards", lambda g: ltv_to_cac_text(g.before)),
        line("LTV:CAC after rewards", lambda g: ltv_to_cac_text(g.after), is_main=True),
        line("CAC payback before rewards", lambda g: payback_text(g.before)),
        line("CAC payback after rewards", lambda g: payback_text(g.after), is_main=True),
    ]


def picture(answer: Answer, least: Decimal) -> SafeString:
    """LTV:CAC of each plan segment before and after rewards against the minimum; nothing when none is known."""
    known = [
        Pair(group.label, group.before.ltv_to_cac, group.after.ltv_to_cac)
        for group in [*answer.groups, answer.whole]
        if group.before.ltv_to_cac is not None and group.after.ltv_to_cac is not None
    ]
    return pairs(known, least, f"minimum {ratio_text(least)}", "LTV:CAC before and after rewards", ratio_text)


def csv_rows(answer: Answer, currency: str) -> Iterator[list[object]]:
    """The same, one line a plan segment; shares as ratios, what is not known or not defined empty."""
    for g in [*answer.groups, answer.whole]:
        before, after = g.before, g.after
        yield [
            *(g.label, g.accounts, cents(g.mrr), _money(g.average_mrr), _ratio(g.gross_margin), _ratio(g.churn)),
            *(_money(g.cac), cents(g.cost), _money(g.average_cost), _money(before.ltv), _money(after.ltv)),
            *(_money(before.capped_ltv), _money(after.capped_ltv), _ratio(before.ltv_to_cac), _ratio(after.ltv_to_cac)),
            *(_ratio(before.payback), _ratio(after.payback), currency),
        ]


def _money(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else cents(amount)


def _ratio(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else figure.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
