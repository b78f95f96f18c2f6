"""What calls have told of the things of records since, as records tell what calls have (`intake.telling`).

Invariant: between a call and a record of one thing, the later word of each field stands, whichever came in first.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from accounts.intake.hooks.rules import Record, RecordType
from accounts.intake.rules import Call
from accounts.intake.telling import OF_THE_RECORD, fields_said

_SINCE = """
SELECT r.id, p.payload -> 'traits'
FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS r(id, at)
JOIN {table} t ON t.external_id = r.id
JOIN accounts_profilecall p ON p.{column} = t.id AND p.call = %(call)s AND p.occurred_at >= r.at
{who_may}
"""
_STATEMENTS = {
    RecordType.CONTACT: (
        _SINCE.format(table="accounts_contact", column="contact_id", who_may=""),
        Call.IDENTIFY,
    ),
    RecordType.ACCOUNT: (
        _SINCE.format(table="accounts_account", column="account_id", who_may=OF_THE_RECORD),
        Call.GROUP,
    ),
}


def called_since(record_type: RecordType, records: Sequence[Record]) -> Mapping[str, set[str]]:
    """External id → the fields of which a call tells that was not made before the record of that id."""
    if record_type not in _STATEMENTS or not records:
        return {}
    statement, call = _STATEMENTS[record_type]
    told: dict[str, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {"ids": [r.external_id for r in records], "times": [r.at for r in records], "call": call.value},
        )
        for external_id, traits in cursor:
            told[external_id] |= fields_said(record_type, json.loads(traits))
    return told
