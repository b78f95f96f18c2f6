"""Where a contact was at a moment: one definition, for events as they are stored and for those that are moved later.

A contact is at the account that the newest call until then named (of calls with
one time, the one with the greatest message id); before all of them where the
first call put them. A contact of whom an event told before any call did is
where the first such event was, until that call: the account of an event is told
by the event, and where else its contact is by nothing but the first.
"""

# Of one moment the call that holds comes first, whether one looks forward or back.
BACK = "p.occurred_at DESC, p.message_id DESC, p.source_id DESC"
_FORTH = "p.occurred_at, p.message_id DESC, p.source_id DESC"


def told_by(contact: str, more: str) -> str:
    """SQL (FROM …) for the kept calls that placed a contact; `contact` is their id, `more` a further condition."""
    return f"FROM accounts_profilecall p WHERE p.contact_id = {contact} AND p.account_id IS NOT NULL AND {more}"


def account_at(contact: str, moment: str, *, until: str | None = None, leaving_out: str = "false") -> str:
    """SQL for the account of a contact (a row of them) at a moment; NULL where nothing has told any.

    It costs nothing where they have been at the present one since. `until` holds of the calls `p`
    until that moment, where that is not all of its time and before, and `leaving_out` of those that do not count.
    """
    before = until or f"p.occurred_at <= {moment}"
    counts = f"NOT ({leaving_out})"
    return f"""CASE WHEN {contact}.placed_at > {moment} THEN coalesce(
        (SELECT p.account_id {told_by(f"{contact}.id", f"{before} AND {counts}")} ORDER BY {BACK} LIMIT 1),
        (SELECT first.account_id
         FROM ((SELECT p.account_id, p.occurred_at, 0 AS place {told_by(f"{contact}.id", counts)}
                ORDER BY {_FORTH} LIMIT 1)
               UNION ALL SELECT {contact}.seen_account_id, {contact}.seen_at, 1
               WHERE {contact}.seen_account_id IS NOT NULL) AS first
         ORDER BY first.occurred_at, first.place LIMIT 1),
        {contact}.account_id) ELSE {contact}.account_id END"""
