"""By which id a contact is known now: an alias call holds for what is sent with the earlier id, before or after it."""

from collections.abc import Iterable

from django.db import connection

# The newest word of each id that is nobody's now. An alias of nobody that we knew still tells the id that they have
# from then on.
_PRESENT = """
SELECT DISTINCT ON (p.payload ->> 'previousId')
       p.payload ->> 'previousId' AS earlier, coalesce(c.external_id, p.payload ->> 'userId') AS present
FROM accounts_profilecall p LEFT JOIN accounts_contact c ON c.id = p.contact_id
WHERE p.call = 'alias' AND p.payload ->> 'previousId' = ANY({earlier})
      AND NOT EXISTS (SELECT FROM accounts_contact known WHERE known.external_id = p.payload ->> 'previousId')
ORDER BY p.payload ->> 'previousId', p.occurred_at DESC, p.id DESC
"""
_OF_THESE = _PRESENT.format(earlier="%s::text[]")


def present_ids(earlier: Iterable[str]) -> dict[str, str]:
    """Earlier id → the id that its contact has now, for those of the ids that alias calls told of and nobody has."""
    wanted = sorted(set(earlier))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_OF_THESE, [wanted])
        return dict(cursor.fetchall())


def named_by_present_ids(table: str) -> str:
    """The statement that puts those ids into the column `contact` of a table."""
    earlier = f"ARRAY(SELECT DISTINCT contact FROM {table} WHERE contact IS NOT NULL)"
    return f"""
UPDATE {table} AS named SET contact = told.present
FROM ({_PRESENT.format(earlier=earlier)}) AS told WHERE named.contact = told.earlier
"""
