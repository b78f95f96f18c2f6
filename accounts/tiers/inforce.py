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
    ends: list[date | None] = [*(_day(version) for version in held[1:]), None]
    return [InForce(v.version, _day(v), until, scheme_of(v.values)) for v, until in zip(held, ends, strict=True)]


def _day(version: TierSchemeVersion) -> date:
    return version.effective_at.astimezone(UTC).date()
