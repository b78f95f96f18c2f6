"""Which version of the scheme is in force on which days."""

from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby

from accounts.tiers.models import TierSchemeVersion
from accounts.tiers.rules import Scheme, scheme_of


@dataclass(frozen=True)
class InForce:
    """A version on the days [first, until) (UTC); `until` None: to this day."""

    version: int
    first: date
    until: date | None
    scheme: Scheme


def history() -> list[InForce]:
    """Every version that ever held for a day, the oldest first; of those of one day, the last holds for all of it."""
    versions = TierSchemeVersion.objects.order_by("version")
    held = [list(same)[-1] for _, same in groupby(versions, key=_day)]
    firsts = [_day(version) for version in held]
    # There is no scheme before the first set-up: no version, and nothing after the last.
    ends = [*firsts[1:], None][: len(held)]
    return [
        InForce(version.version, first, until, scheme_of(version.values))
        for version, first, until in zip(held, firsts, ends, strict=True)
    ]


def _day(version: TierSchemeVersion) -> date:
    return version.effective_at.astimezone(UTC).date()
