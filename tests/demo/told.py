"""Reading back what a build wrote, without ids and times of writing, so that two builds compare."""

from typing import Any

from django.db import connection

TOLD = (
    "SELECT external_id, name, plan_segment, time_zone, signed_up_on FROM accounts_account",
    "SELECT external_id, name, email, role FROM accounts_contact",
    "SELECT s.external_id, s.starts_on, t.from_day, t.seats, t.mrr, t.ends_on, t.renews_on, t.is_cancelling"
    " FROM accounts_subscriptionterm t JOIN accounts_subscription s ON s.id = t.subscription_id",
    "SELECT external_id, opened_at, closed_at, satisfaction FROM accounts_ticket",
    "SELECT external_id, score, at FROM accounts_feedbackscore",
    "SELECT message_id, name, seconds, occurred_at, properties FROM accounts_event",
    "SELECT a.external_id, d.day, d.events, d.key_actions, d.sign_ins, d.seconds"
    " FROM accounts_dailyusage d JOIN accounts_account a ON a.id = d.account_id",
    "SELECT a.external_id, e.day, e.name, e.quantity"
    " FROM accounts_eventday e JOIN accounts_account a ON a.id = e.account_id",
    "SELECT c.external_id, d.day, d.events, d.key_actions"
    " FROM accounts_contactday d JOIN accounts_contact c ON c.id = d.contact_id",
    "SELECT a.external_id, m.key, r.reached_at, r.fires FROM accounts_milestonereach r"
    " JOIN accounts_milestone m ON m.id = r.milestone_id JOIN accounts_account a ON a.id = r.account_id",
    "SELECT a.external_id, f.day, f.mrr, f.seats_active, f.sign_ins_30, f.key_actions_30, f.nps, f.milestones"
    " FROM accounts_accountfacts f JOIN accounts_account a ON a.id = f.account_id",
    "SELECT a.external_id, o.state, o.reward_name FROM rewards_offer o JOIN accounts_account a ON a.id = o.account_id",
    "SELECT username, is_administrator FROM core_user",
    "SELECT s.name, k.kind FROM accounts_sourcekind k JOIN accounts_source s ON s.id = k.source_id",
)


def quiet(_what: str, _done: int, _total: int) -> None:
    """Hear nothing."""


def ask(statement: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def as_told() -> list[list[str]]:
    """All that the seed decides, as it stands in the database."""
    return [sorted(map(str, ask(statement))) for statement in TOLD]
