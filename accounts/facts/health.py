"""How an account does, by its facts of a day: one word, and the signs of it. Pure.

The expressions are the one definition: the page of an account shows by them, the queue ranks by them. Unknown is
unknown: neither a sign-in nor an answer says nothing of how it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty.core.figures import number_text

QUIET_DAYS = 21
DETRACTOR_NPS = 6
AT_RISK = "at-risk"

# `f` is a row of account facts, all null when there is none.
HEALTH_SQL = f"""
CASE WHEN f.cancellation_intent THEN 'leaving'
     WHEN '{AT_RISK}' = ANY (f.segments) OR f.nps <= {DETRACTOR_NPS} OR f.days_since_sign_in >= {QUIET_DAYS} THEN 'poor'
     WHEN f.days_since_sign_in IS NULL AND f.nps IS NULL THEN 'unknown'
     ELSE 'good' END
"""
# As `Told` reads them: names and values of a JSON object, of which nulls may be left out.
TOLD_SQL = (
    f"'health', {HEALTH_SQL}, 'nps', f.nps::text, 'quiet_days', f.days_since_sign_in,"
    f" 'at_risk', '{AT_RISK}' = ANY (f.segments)"
)
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Health:
    """`word` is leaving, poor, unknown or good; `signs` says why, in words."""

    word: str
    signs: str


def health_of(told: Told) -> Health:
    """What TOLD_SQL told, with its signs: “NPS 3 and no sign-in for 34 days”, “NPS 9 and a sign-in 2 days ago”."""
    word = told.get("health", "unknown")
    if word == "unknown":
        return Health(word, "neither a sign-in nor an NPS answer is known")
    signs = _good_signs(told) if word == "good" else _bad_signs(told)
    return Health(word, _listed(["asked to cancel", *signs] if word == "leaving" else signs))


def health_in_words(told: Told) -> str:
    """In half a line: “poor health: NPS 3”."""
    match told.get("health", "unknown"):
        case "leaving":
            return "asked to cancel"
        case "poor":
            return f"poor health: {_listed(_bad_signs(told))}"
        case "good":
            return "good health"
    return "health unknown"


def _bad_signs(told: Told) -> list[str]:
    """What makes the health poor, whatever its word is."""
    signs = ["in At-Risk"] if told.get("at_risk") else []
    if (nps := _nps(told)) is not None and nps <= DETRACTOR_NPS:
        signs.append(f"NPS {number_text(nps)}")
    if (quiet := told.get("quiet_days")) is not None and quiet >= QUIET_DAYS:
        signs.append(f"no sign-in for {number_text(quiet)} days")
    return signs


def _good_signs(told: Told) -> list[str]:
    nps, quiet = _nps(told), told.get("quiet_days")
    signs = [] if nps is None else [f"NPS {number_text(nps)}"]
    if quiet is None:
        return signs
    days = f"{number_text(quiet)} day{'' if quiet == 1 else 's'} ago"
    return [*signs, f"a sign-in {days if quiet else 'today'}"]


def _listed(signs: Sequence[str]) -> str:
    """“a, b and c”."""
    return " and ".join(filter(None, [", ".join(signs[:-1]), *signs[-1:]]))


def _nps(told: Told) -> Decimal | None:
    return None if told.get("nps") is None else Decimal(str(told["nps"])).normalize()
