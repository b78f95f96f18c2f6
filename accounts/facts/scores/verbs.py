"""Making cut points: in the nightly run, and when Finance picks another monetary measure.

Invariants: what is made is never altered; every cut is audited with its effective day.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.facts.queries import latest_day
from accounts.facts.scores.models import ScoreCuts
from accounts.facts.scores.queries import cuts_of, day_before, latest_cuts, measure, terms
from accounts.facts.scores.rules import Cuts, Monetary, Point, renewed
from accounts.facts.verbs import mark_all, refresh
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.people.models import User
from loyalty.core.periods import quarter_of

LOCK = "hashtextextended('score cuts', 0)"
LABEL = "Cut points of the RFM scores"


def cut_if_due(day: date) -> ScoreCuts | None:
    """Make the cut points of a new quarter, or the first, to hold from `day` (UTC) on; None when none are due.

    A step of the nightly run, after the facts of the day: points are taken from the facts of the day
    before (of `day` itself when there are none), and the facts from `day` on are then worked out
    again, without followers. Harmless to repeat.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        held, taken_on = latest_cuts(), day_before(day)
        if taken_on is None or (held is not None and held.from_day > day):
            return None
        monetary = Monetary(terms().monetary)
        before = cuts_of(held) if held else None
        cuts = renewed(before, held.quarter if held else day, measure(taken_on, monetary), day)
        if cuts is None:
            return None
        made = _make(day, taken_on, quarter_of(day).starts_on, monetary, cuts, None, "The first run of a quarter")
    refresh(None, day, max(latest_day() or day, day), follow=False)
    return made


@transaction.atomic
def pick_monetary(object_id: int, values: Mapping[str, Any], acting_user: User, reason: str) -> None:
    """Rank by another measure of money from today (UTC) on. Who may do so was decided by the caller.

    Recency and frequency keep their cut points. All accounts are marked, so that today's facts follow.
    """
    kept = terms(lock=True)
    before = {"monetary": kept.monetary, "version": kept.version}
    kept.monetary, kept.version = values["monetary"], kept.version + 1
    kept.save()
    after = {"monetary": kept.monetary, "version": kept.version}
    record(
        AuditVerb.EDITED,
        acting_user=acting_user,
        object_type="score terms",
        object_id=object_id,
        object_label="RFM scores",
        before=before,
        after=after,
        reason=reason,
    )
    today = timezone.now().date()
    held, taken_on = latest_cuts(), day_before(today)
    if held is None or taken_on is None:
        return
    monetary = Monetary(kept.monetary)
    cuts = {**cuts_of(held), "money": measure(taken_on, monetary)["money"]}
    _make(max(today, held.from_day), taken_on, held.quarter, monetary, cuts, acting_user, reason)
    mark_all(today)


def _make(
    from_day: date,
    taken_on: date,
    quarter: date,
    monetary: Monetary,
    cuts: Cuts,
    acting_user: User | None,
    reason: str,
) -> ScoreCuts:
    made = ScoreCuts.objects.create(
        from_day=from_day,
        taken_on=taken_on,
        quarter=quarter,
        monetary=monetary.value,
        **{measure: cut.points for measure, cut in cuts.items()},
        **{f"counted_{measure}": cut.counted for measure, cut in cuts.items()},
    )
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="score cuts",
        object_id=made.pk,
        object_label=LABEL,
        after={
            "effective_day": from_day.isoformat(),
            "taken_on": taken_on.isoformat(),
            "monetary": monetary.value,
            **{measure: _plain(cut.points) for measure, cut in cuts.items()},
            "accounts": max(cut.counted for cut in cuts.values()),
        },
        reason=reason,
    )
    return made


def _plain(points: list[Point] | None) -> list[str] | None:
    return None if points is None else [str(point) for point in points]
