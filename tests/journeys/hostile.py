"""Names and texts that are scripts, in every place of the database that people or systems can write to."""

from django.db import DatabaseError, connection, transaction

from tests.journeys.crowd import ATTACK

# What the application itself writes and compares: words of its own, keys, digests, addresses.
OWN_WORDS = (
    *("verb", "kind", "state", "status", "function", "channel", "code", "digest", "previous", "key", "hint", "email"),
    *("currency", "object_type", "object_id", "username", "password", "sealed", "session_key", "session_data", "url"),
    *(
        "owner_function",
        "step",
        "chore",
        "scope",
        "period",
        "call",
        "message_id",
        "external_id",
        "scheme",
    ),
)
TABLES = ("accounts_", "rewards_", "core_", "programme_")


def let_every_text_attack() -> int:
    """Put a script into every text column that is not of the application's own words; returns how many columns took it.

    Unique names stay unique by their row. What the database refuses, by a check of its own, stays as it was.
    """
    taken = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, coalesce(c.character_maximum_length, 4000)"
            " FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
            " AND c.data_type IN ('character varying', 'text') AND c.character_maximum_length IS DISTINCT FROM 3"
            " ORDER BY 1, 2"
        )
        columns = [row for row in cursor.fetchall() if row[0].startswith(TABLES) and row[1] not in OWN_WORDS]
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
        guarded = [table for (table,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        for table, column, longest in columns:
            if longest < len(ATTACK) + 8:
                continue
            taken += _attack(f'UPDATE "{table}" SET "{column}" = %s || ctid::text WHERE "{column}" <> \'\'')
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
    return taken


def _attack(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [ATTACK])
            return cursor.rowcount > 0
    except DatabaseError:
        return False
