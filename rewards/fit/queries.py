"""Reading the matrix: the rules, the grid of what goes with what, and whom a rule would keep from an offer."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from rewards.catalogue.models import Reward
from rewards.catalogue.rules import KINDS, Delivery
from rewards.catalogue.value import DISCOUNT_EQUIVALENT
from rewards.fit.models import FitRule
from rewards.fit.rules import BY_BILLING, BY_SEGMENT, Contract, Verdict
from rewards.fit.statement import FAILED

CSV_HEADER = ("contract", "verdict", "rule", "owner", "in_force", "version")
CONTRACTS = (*BY_SEGMENT, *BY_BILLING)


@dataclass(frozen=True)
class Cell:
    """What the matrix says of one kind of reward under one contract; `words` are the rules that say it."""

    contract: Contract
    status: str
    words: str


@dataclass(frozen=True)
class GridRow:
    label: str
    cells: list[Cell]


def rules() -> list[FitRule]:
    """All rules, by contract in the order of the grid."""
    order = [c.value for c in CONTRACTS]
    return sorted(FitRule.objects.all(), key=lambda r: (order.index(r.contract), r.verdict, r.pk))


def csv_rows(found: list[FitRule]) -> Iterator[list[object]]:
    """One line a rule, in the order of CSV_HEADER."""
    for rule in found:
        yield [rule.contract, rule.verdict, str(rule), rule.owner_function, rule.is_active, rule.version]


def grid() -> list[GridRow]:
    """Kinds of reward against contracts, from the rules in force: fits, does not, only if, or nothing said."""
    active = list(FitRule.objects.filter(is_active=True))
    by_hand = set(Reward.objects.filter(delivery=Delivery.BY_HAND.value).values_list("kind", flat=True))
    by_hand |= {key for key, kind in KINDS.items() if kind.delivery is Delivery.BY_HAND}
    return [
        GridRow(kind.label, [_cell(contract, key, key in by_hand, active) for contract in CONTRACTS])
        for key, kind in KINDS.items()
    ]


def _cell(contract: Contract, kind: str, is_by_hand: bool, active: list[FitRule]) -> Cell:
    said = [r for r in active if r.contract == contract and (kind in r.kinds or (r.by_hand and is_by_hand))]
    words = "; ".join(str(rule) for rule in said)
    unfit = [rule for rule in said if rule.verdict == Verdict.UNFIT]
    if any(rule.above_percent is None and not rule.before_status for rule in unfit):
        return Cell(contract, "unfit", words)
    if unfit:
        return Cell(contract, "fits_if", words)
    return Cell(contract, "fits" if said else "", words)


def fitting_kinds(contracts: list[str]) -> list[str]:
    """The kinds of reward that the matrix recommends for any of these contracts and forbids for none."""
    active = list(FitRule.objects.filter(is_active=True, contract__in=contracts))
    recommended = {kind for rule in active if rule.verdict == Verdict.FITS for kind in rule.kinds}
    forbidden = {
        kind
        for rule in active
        if rule.verdict == Verdict.UNFIT and rule.above_percent is None and not rule.before_status
        for kind in rule.kinds
    }
    return [kind for kind in KINDS if kind in recommended - forbidden]


def accounts_failing(reward_id: int) -> dict[int, int]:
    """Of every account with facts of the latest day that fails the matrix for a reward: the rule that it fails."""
    statement = f"""
        WITH facts AS (
            SELECT * FROM accounts_accountfacts WHERE day = (SELECT max(day) FROM accounts_accountfacts)
        ), asked AS (
            SELECT f.account_id AS candidate_id, f.account_id, r.id AS reward_id, {DISCOUNT_EQUIVALENT} AS value
            FROM facts f CROSS JOIN rewards_reward r WHERE r.id = %s
        )
        {FAILED}
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [reward_id])
        return dict(cursor.fetchall())
