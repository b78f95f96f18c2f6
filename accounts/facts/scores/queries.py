"""Reading cut points, and taking them from the facts of a day without keeping them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.facts.contracts import SPANS
from accounts.facts.models import AccountFacts
from accounts.facts.queries import AS_THINGS_STAND
from accounts.facts.scores.models import ScoreCuts, ScoreTerms
from accounts.facts.scores.rules import MEASURES, Cut, Cuts, Monetary
from accounts.facts.scores.statement import TAKE, WORTH_OF_ALL, ltv

_TOLD = """
told AS (
    SELECT f.monetary_score AS held, least(f.days_since_sign_in, f.days_since_key_action) AS recency,
           f.key_actions_30 AS frequency, {money} AS money
    FROM accounts_accountfacts f {worth}
    WHERE {rows}
)
"""
_ON_THE_DAY = "f.day = %(day)s"


def _by_column(rows: str) -> str:
    return _TOLD.format(money="CASE %(monetary)s WHEN 'mrr' THEN f.mrr ELSE f.arr END", worth="", rows=rows)


def _with_ltv(rows: str) -> str:
    """LTV is no fact of its own: it is gathered only when it is what money means."""
    worth = "LEFT JOIN worth v ON v.account_id = f.account_id"
    return f"""
wanted AS (SELECT f.account_id FROM accounts_accountfacts f WHERE {rows}), {SPANS}, {WORTH_OF_ALL},
{_TOLD.format(money=ltv("f.day"), worth=worth, rows=rows)}
"""


_COMPARE = """
SELECT count(*) FILTER (WHERE score > held), count(*) FILTER (WHERE score < held),
       count(*) FILTER (WHERE (score IS NULL) <> (held IS NULL)), count(*)
FROM (SELECT held, 1 + width_bucket(money::numeric, %(points)s::numeric[]) AS score FROM told) AS scored
"""


def terms(*, lock: bool = False) -> ScoreTerms:
    """What the monetary score ranks by, now; with `lock` the row is there and locked."""
    if not lock:
        return ScoreTerms.objects.filter(pk=1).first() or ScoreTerms(pk=1)
    ScoreTerms.objects.get_or_create(pk=1)
    return ScoreTerms.objects.select_for_update().get(pk=1)


def latest_cuts() -> ScoreCuts | None:
    """The cut points that hold last; None before the first."""
    return ScoreCuts.objects.order_by("-from_day", "-id").first()


def cuts_of(kept: ScoreCuts) -> Cuts:
    """Kept cut points as plain data."""
    return {m: Cut(getattr(kept, m), getattr(kept, f"counted_{m}")) for m in MEASURES}


def day_before(day: date) -> date | None:
    """The latest day before `day` that has facts, else `day` itself if it has; None without either."""
    before = AccountFacts.objects.filter(day__lt=day).order_by("-day").values_list("day", flat=True).first()
    return before or (day if AccountFacts.objects.filter(day=day).exists() else None)


def measure(day: date, monetary: Monetary) -> Cuts:
    """The cut points that the facts of a day (UTC) would give."""
    return _measure(day, monetary, _ON_THE_DAY)


def _measure(day: date, monetary: Monetary, rows: str) -> Cuts:
    row = _asked(TAKE, day, monetary, rows, joined_by=", ")
    return {m: Cut(row[2 * n], row[2 * n + 1]) for n, m in enumerate(MEASURES)}


@dataclass(frozen=True)
class Rescored:
    """How many monetary scores would rise, fall, or become known or unknown, of how many accounts."""

    rise: int
    fall: int
    become: int
    of: int


def rescored(day: date, monetary: Monetary) -> Rescored:
    """What ranking by another measure of money would do to the scores as things stand; `day` (UTC) is the latest."""
    points = _measure(day, monetary, AS_THINGS_STAND)["money"].points
    return Rescored(*_asked(_COMPARE, day, monetary, AS_THINGS_STAND, points=points))


def _asked(
    question: str, day: date, monetary: Monetary, rows: str, *, joined_by: str = "", **params: Any
) -> tuple[Any, ...]:
    told = _with_ltv(rows) if monetary is Monetary.LTV else _by_column(rows)
    values = {"day": day, "monetary": monetary.value, "currency": settings.REPORTING_CURRENCY, **params}
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {told}{joined_by}{question}", values)
        return tuple(cursor.fetchone())
