"""What a benchmark found, and how it is told."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One measured thing. `value` in `unit`; `target` in words, `met` whether it was reached (None: no target)."""

    benchmark: str
    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def table(results: list[Result]) -> str:
    """The results as lines for a person."""
    rows = [("", "", "", "")] + [(r.name, _figure(r.value), r.unit, _verdict(r)) for r in results]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{n:<{widths[0]}}  {v:>{widths[1]}}  {u:<{widths[2]}}  {t}".rstrip() for n, v, u, t in rows[1:]]
    return "\n".join(lines)


def as_json(result: Result) -> str:
    """One line of JSON."""
    return json.dumps(asdict(result))


def _figure(value: float) -> str:
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def _verdict(result: Result) -> str:
    words = {True: "met", False: "MISSED", None: ""}[result.met]
    return f"{result.target}  {words}".strip()
