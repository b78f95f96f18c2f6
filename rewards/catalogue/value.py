"""What a reward is worth to one account, in SQL: `r` is the row of the reward, `f` that of the account's facts.

Null where the account's own money is not known: such a reward cannot be offered
to it. Cents, halves away from zero, as numeric `round` does. A renewal is worth
its MRR times the months of its contract. Points are worth what they were on the day of the facts; without
a rate that is not known either. What they cost and count is in the reporting currency, as of everything else.
"""

from django.conf import settings

from loyalty.core.money import POINTS
from rewards.catalogue.rules import KINDS, MONEY

_RENEWAL = "f.mrr * coalesce(f.contract_months, 12)"
# Perks stand on a higher floor; here they are only a table. A tier without perks, and no tier, promise nothing known.
_PROMISED = """(SELECT perks.renewal_credit_percent FROM rewards_tierperks AS perks
    JOIN accounts_tier AS tier ON tier.id = perks.tier_id WHERE tier.key = f.tier)"""
_BASES = {
    "percent_of_renewal": _RENEWAL,
    "percent_of_tier": f"{_RENEWAL} * {_PROMISED} / 100",
    "percent_of_arr": "f.arr",
    "percent_of_mrr": "f.mrr",
    "percent_of_growth": "greatest(f.arr - f.mrr_year_before * 12, 0)",
}
_CASES = " ".join(f"WHEN '{basis}' THEN round({sql} * r.percent / 100, 2)" for basis, sql in _BASES.items())

FACE_VALUE = f"CASE r.value_basis {_CASES} ELSE r.face_value END"
_POINTS = (
    f"round(r.face_value * unit_rate('{POINTS}', '{settings.REPORTING_CURRENCY}', coalesce(f.day, current_date)), 2)"
)
DISCOUNT_EQUIVALENT = (
    f"CASE WHEN r.currency = '{POINTS}' THEN {_POINTS} ELSE"
    f" CASE r.value_basis {_CASES} ELSE r.discount_equivalent END END"
)
MARGINAL_COST = (
    f"CASE WHEN r.currency = '{POINTS}' THEN {_POINTS} ELSE CASE r.value_basis {_CASES} ELSE r.marginal_cost END END"
)
EQUIVALENT_IN = f"CASE r.currency WHEN '{POINTS}' THEN '{settings.REPORTING_CURRENCY}' ELSE r.currency END"
"""The currency of the discount-equivalent."""

_KINDS_OF_MONEY = ", ".join(f"'{key}'" for key, kind in KINDS.items() if kind.nature in MONEY)
HAS_MONEY_VALUE = f"(r.kind IN ({_KINDS_OF_MONEY}) OR r.taxable)"
"""Whether it is money to whoever gets it: a credit, a lower price, or a gift that a person pays tax on.

Not `is_credit`, which says that it stands on the ledger.
"""
