"""Telling that a cap has reached 50, 80 or 100 % of its limit: Finance, and the function whose offers it limits.

A mark is told once in a period, however often the use falls below it and comes back: offers are
rejected and proposed every day, and a notice that repeats itself is not read. A limit that was
changed begins anew, since 80 % of another limit is another fact. Of marks that are passed in one
step the highest is told. A limit of nothing of which nothing is committed is a stop that Finance
has just set, and no news.

The row of a mark is the key: it is written in the transaction that tells, so that who is repeated,
restarted or beside another worker tells nothing twice. Nothing is locked that a reservation waits for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F
from django.urls import reverse

from loyalty.core.figures import day_text, percent_text
from loyalty.core.notices.verbs import Told, tell_all
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function
from loyalty.core.periods import FOREVER
from rewards.caps.models import CapAlert
from rewards.caps.rules import ALERT_MARKS, CapMeasure, part_of

# The same rule as `Use.alert`. Campaigns stand on a higher floor; here they are only a table.
_REACHED = """
WITH reached AS (
    INSERT INTO rewards_capalert (period_id, mark, limit_version, committed, "limit", at)
    SELECT period.id, mark.mark, cap.limit_version, period.reserved + period.spent, cap."limit", clock_timestamp()
    FROM rewards_cap AS cap
    JOIN rewards_capperiod AS period ON period.cap_id = cap.id
    CROSS JOIN unnest(%(marks)s::int[]) AS mark (mark)
    WHERE cap.is_active AND (%(cap)s::bigint IS NULL OR cap.id = %(cap)s)
      AND period.starts_on <= %(today)s AND period.ends_on > %(today)s
      AND period.reserved + period.spent > 0
      AND (period.reserved + period.spent) * 100 >= cap."limit" * mark.mark
      AND NOT EXISTS (
          SELECT FROM rewards_capalert AS told
          WHERE told.period_id = period.id AND told.limit_version = cap.limit_version AND told.mark = mark.mark)
    ORDER BY period.id, mark.mark
    ON CONFLICT (period_id, limit_version, mark) DO NOTHING
    RETURNING period_id, mark, committed, "limit"
)
SELECT DISTINCT ON (reached.period_id)
       cap.id, cap.name, cap.measure, cap.limit_version, period.starts_on, period.ends_on, reached.mark,
       reached.committed, reached."limit",
       CASE cap.scope WHEN 'function' THEN cap.scope_key ELSE coalesce(campaign.owner_function, '') END
FROM reached
JOIN rewards_capperiod AS period ON period.id = reached.period_id
JOIN rewards_cap AS cap ON cap.id = period.cap_id
LEFT JOIN rewards_campaign AS campaign ON cap.scope = 'campaign' AND campaign.id::text = cap.scope_key
ORDER BY reached.period_id, reached.mark DESC
"""


@dataclass(frozen=True)
class Reached:
    """A mark that a cap has just reached in a period; `function` is whose offers it limits, empty for all."""

    cap_id: int
    name: str
    measure: str
    limit_version: int
    starts_on: date
    ends_on: date
    mark: int
    committed: Decimal
    limit: Decimal
    function: str

    @property
    def key(self) -> str:
        return f"cap:{self.cap_id}:{self.starts_on.isoformat()}:{self.limit_version}:{self.mark}"

    @property
    def words(self) -> str:
        used = part_of(CapMeasure(self.measure), self.committed, self.limit)
        end = "" if self.ends_on >= FOREVER.ends_on else f" until {day_text(self.ends_on)}"
        if self.committed > self.limit:
            said = "has more committed than its limit"
        elif self.mark == max(ALERT_MARKS):
            said = "is used up"
        else:
            said = f"has reached {percent_text(Decimal(self.mark) / 100, 0)}"
        return f"The cap “{self.name}” {said}: {used} committed{end}"

    @property
    def url(self) -> str:
        return f"{reverse('cap', args=[self.cap_id])}?period={self.starts_on.isoformat()}"


@transaction.atomic
def tell_alerts(today: date, *, cap_id: int | None = None) -> int:
    """Tell of every mark that the caps in force have newly reached in their periods of `today` (UTC).

    Of one cap only with `cap_id`. Returns how many notices were new.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"marks": list(ALERT_MARKS), "today": today, "cap": cap_id})
        reached = [Reached(*row) for row in cursor.fetchall()]
    return tell_all(_notices(reached)) if reached else 0


def _notices(reached: Iterable[Reached]) -> list[Told]:
    people: dict[str, list[int]] = {}
    told = []
    for one in reached:
        if one.function not in people:
            functions = {Function.FINANCE} | ({Function(one.function)} if one.function else set())
            people[one.function] = list(members(*functions).values_list("pk", flat=True))
        told += [Told(person, one.key, one.words, one.url) for person in people[one.function]]
    return told


def alerts_of(period_ids: Iterable[int]) -> dict[int, list[CapAlert]]:
    """What was told of each period under its limit of now, the lowest mark first."""
    found: dict[int, list[CapAlert]] = {}
    told = CapAlert.objects.filter(period__in=list(period_ids), limit_version=F("period__cap__limit_version"))
    for alert in told.order_by("mark"):
        found.setdefault(alert.period_id, []).append(alert)
    return found
