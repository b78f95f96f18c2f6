"""Any rule that can be read, as JSON, for tests of properties."""

from typing import Any

from hypothesis import strategies as st

from accounts.conditions.rules.reading import MOST_LEVELS
from accounts.conditions.rules.vocabulary import base_vocabulary

WORDS = base_vocabulary()
NPS = {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}


def levels(rule: dict[str, Any]) -> int:
    """How deep a rule's JSON nests."""
    below = rule.get("items") or [rule[name] for name in ("item",) if name in rule]
    return 1 + max((levels(part) for part in below), default=0)


numbers = st.decimals(-(10**6), 10**6, places=2).map(lambda n: f"{n:f}")
leaves = st.one_of(
    st.builds(
        lambda fact, sign, value: {"op": "compare", "fact": fact, "is": sign, "value": value},
        st.sampled_from(["mrr", "nps", "sign_ins_30", "seat_utilisation"]),
        st.sampled_from(["<", "<=", "=", "!=", ">=", ">"]),
        numbers,
    ),
    st.builds(lambda fact: {"op": "unknown", "fact": fact}, st.sampled_from(sorted(WORDS))),
    st.builds(
        lambda days, way: {"op": "changed", "fact": "mrr", "direction": way, "by": "10", "as": "percent", "days": days},
        st.integers(1, 730),
        st.sampled_from(["up", "down"]),
    ),
    st.just({"op": "in", "fact": "plan_segment", "values": ["enterprise"]}),
    st.just({"op": "compare", "fact": "cancellation_intent", "is": "=", "value": True}),
    st.just(
        {"op": "has", "fact": "milestones", "how": "none", "values": ["onboarding-completed", "integration-connected"]}
    ),
    st.just({"op": "next_days", "fact": "renews_on", "days": 60}),
    st.just({"op": "between", "fact": "seat_utilisation", "low": "0.305", "high": "0.9"}),
    st.just({"op": "between", "fact": "renews_on", "low": "2026-01-01", "high": "2026-12-31"}),
    st.just({"op": "compare", "fact": "plan_segment", "is": "!=", "value": "self_serve"}),
    st.just({"op": "changed", "fact": "seat_utilisation", "direction": "down", "by": "0.1", "as": "amount", "days": 7}),
)
rules = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.builds(
            lambda op, items: {"op": op, "items": items},
            st.sampled_from(["and", "or"]),
            st.lists(below, min_size=1, max_size=3),
        ),
        st.builds(lambda item: {"op": "not", "item": item}, below),
        st.builds(lambda days, item: {"op": "within", "days": days, "item": item}, st.integers(1, 90), below),
    ),
    max_leaves=4,
).filter(lambda rule: levels(rule) <= MOST_LEVELS)
