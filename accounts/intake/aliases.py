"""By which id a contact is known now: an alias call holds for what is sent with the earlier id, before or after it."""

from collections.abc import Iterable

from django.db import connection

# The newest word of each id. An alias of nobody that we knew still tells the id that they have from then on.
_PRESENT = """
SELECT DISTINCT ON (p.payload ->> 'previousId')
       p.payload ->> 'previousId', coalesce(c.external_id, p.payload ->> 'userId')
FROM accounts_profilecall p LEFT JOIN accounts_contact c ON c.id = p.contact_id
WHERE p.call = 'alias' AND p.payload ->> 'previousId' = ANY(%s::text[])
ORDER BY p.payload ->> 'previousId', p.occurred_at DESC, p.id DESC
"""


def present_ids(earlier: Iterable[str]) -> dict[str, str]:
    """Earlier id → the id that its contact has now, for those of the ids that alias calls told of."""
    wanted = sorted(set(earlier))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, [wanted])
        return dict(cursor.fetchall())
