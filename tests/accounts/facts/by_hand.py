"""Facts of use worked out again from the events themselves, the slow and obvious way."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Told:
    """One event as it was sent; `contact` 0 is nobody in particular."""

    message_id: str
    day: date
    name: str
    contact: int
    times: int
    seconds: int


def facts_by_hand(events: set[Told], day: date) -> dict[str, int | None]:
    """The figures at the end of a day of one account; key actions are exports."""
    told = [e for e in events if e.day <= day]
    past = [e for e in told if e.times]
    last_30 = [e for e in past if e.day > day - timedelta(days=30)]
    last_28 = [e for e in past if e.day > day - timedelta(days=28)]
    if not told:
        return dict.fromkeys(
            ["seats_active", "days_since_sign_in", "days_since_key_action", "sign_ins_30", "active_days_28"]
            + ["key_actions_30", "features_28", "minutes_28"]
        )
    return {
        "seats_active": len({e.contact for e in last_30 if e.contact}) if any(e.contact for e in told) else None,
        "days_since_sign_in": _days_since([e for e in past if e.name == "Signed In"], day),
        "days_since_key_action": _days_since([e for e in past if e.name == "Report Exported"], day),
        "sign_ins_30": sum(e.times for e in last_30 if e.name == "Signed In"),
        "active_days_28": len({e.day for e in last_28}),
        "key_actions_30": sum(e.times for e in last_30 if e.name == "Report Exported"),
        "features_28": len({e.name for e in last_28} - {"Signed In"}),
        "minutes_28": sum(e.seconds for e in told if e.day > day - timedelta(days=28)) // 60,
    }


def _days_since(events: list[Told], day: date) -> int | None:
    return (day - max(e.day for e in events)).days if events else None
