"""Fault row 20 in its full form: whoever rewrites the books or the audit is refused, or named."""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import psycopg

from tests.benchmarks import stage
from tests.benchmarks.results import Result

POSTINGS, ALTERED_EACH = 2_000, 40

# What a superuser may do to one row, by table; each is taken back before the next.
LEDGER = {
    "rewards_postingline": ("amount = amount + 0.01", "currency = 'EUR'", "lot_id = NULL"),
    "rewards_creditlot": ("amount = amount + 1", "currency = 'EUR'"),
    "rewards_capentry": ("amount = amount + 1",),
    "rewards_capperiod": ("reserved = reserved + 1", "spent = spent + 1"),
    "rewards_monthcell": ("amount = amount + 1",),
    "rewards_opencell": ("amount = amount + 1",),
}
AUDIT = (
    "reason = reason || '.'",
    "object_label = 'x'",
    "actor_id = NULL, actor_name = 'x'",
    "at = at + interval '1 s'",
)


def run() -> list[Result]:
    """Books and audit lines of a storm of operations, on durable engines."""
    with stage.engines():
        from django.apps import apps

        from loyalty.core.audit.sealing import check_seals, seal
        from rewards.caps.verbs import reserve
        from rewards.ledger.folding import fold
        from rewards.ledger.reconciliation import check
        from tests.factories import CapFactory
        from tests.faults.clients import offers, request_for
        from tests.faults.ledger_load import storm

        storm(clients=4, count=POSTINGS)
        CapFactory(limit=Decimal(100_000), period="year")
        reserve([request_for(offer) for offer in offers(50, Decimal(7))])
        fold()
        seal()
        kept = [model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)]
        statements = [(t, s) for t in kept for s in _rewrites(t)]
        carried_out = [s for _, s in statements if _app_may(s)]
        whole = check().problems or check_seals().problems
        unnamed = [
            told
            for table, changes in LEDGER.items()
            for told in _unnamed(table, changes, lambda pk: bool(check().problems))
        ]
        unsealed = _unnamed("core_auditline", AUDIT, lambda pk: any(f"{pk}" in p.words for p in check_seals().problems))
        whole_again = check().problems or check_seals().problems
    altered = ALTERED_EACH * len(LEDGER)
    return [
        Result(
            *("faults", f"20 rewriting {len(kept)} tables as the application", len(statements), "statements"),
            *("all refused", not carried_out, {"carried out": carried_out}),
        ),
        Result("faults", "20 rows that do not add up before", len(whole), "rows", "none", not whole),
        Result(
            *("faults", f"20 of {altered} rows of the books altered by a superuser, not named", len(unnamed), "rows"),
            *("none", not unnamed, {"first": unnamed[:10]}),
        ),
        Result(
            *("faults", f"20 of {ALTERED_EACH} lines of the audit altered by a superuser, not named", len(unsealed)),
            *("lines", "none", not unsealed, {"first": unsealed[:10]}),
        ),
        Result("faults", "20 rows that do not add up once all is as it was", len(whole_again), "rows", "none",
               not whole_again),
    ]  # fmt: skip


def _rewrites(table: str) -> list[str]:
    return [f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]


def _app_may(statement: str) -> bool:
    """Whether the database carries it out for the role that the application runs as."""
    from django.db import DatabaseError, connection, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return False
    return True


def _unnamed(table: str, changes: Sequence[str], find: Callable[[int], bool]) -> list[str]:
    """Alter rows one after the other, each in another way in turn; the ones of which the check said nothing."""
    dice, missed = random.Random(20), []
    with stage.owner() as owner:
        owner.execute("SET session_replication_role = replica")
        ids = [pk for (pk,) in owner.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]
        for turn in range(ALTERED_EACH):
            pk, change = dice.choice(ids), changes[turn % len(changes)]
            before = _row(owner, table, pk)
            owner.execute(f"UPDATE {table} SET {change} WHERE id = %s", [pk])
            if _row(owner, table, pk) != before and not find(pk):
                missed.append(f"{table} {pk}: {change}")
            owner.execute(f"DELETE FROM {table} WHERE id = %s", [pk])
            owner.execute(f"INSERT INTO {table} SELECT (%s::{table}).*", [before])
    return missed


def _row(owner: psycopg.Connection, table: str, pk: int) -> str:
    found = owner.execute(f"SELECT {table}::text FROM {table} WHERE id = %s", [pk]).fetchone()
    return str(found[0]) if found else ""
