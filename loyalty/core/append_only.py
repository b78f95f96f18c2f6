"""Tables that the database itself refuses to rewrite.

The triggers are our own rather than django-pgtrigger's, because each of its
functions returns early when the session variable `pgtrigger.ignore` names the
trigger: anybody with the application's connection could lift the protection.
"""

from django.db import models
from django.db.migrations import RunSQL

FUNCTION_SQL = """
CREATE OR REPLACE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: this table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Correct a mistake with a new row that reverses it.';
END $$;
"""


def protect(table: str) -> RunSQL:
    """A migration operation: refuse UPDATE, DELETE and TRUNCATE on a table, whoever asks.

    The application's role additionally lacks these rights (`loyalty.core.grants`),
    so that it cannot switch the triggers off either.
    """
    return RunSQL(
        f"{FUNCTION_SQL}"
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();"
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();",
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER no_truncate ON {table};",
    )


def is_append_only(model: type[models.Model]) -> bool:
    """Whether nothing may rewrite the model's table: its class says `append_only = True`."""
    return getattr(model, "append_only", False)
