"""Lists as CSV: streamed, and harmless in a spreadsheet.

A spreadsheet runs text that begins like a formula, so such text gets a leading
apostrophe. Numbers are written as numbers (also negative ones), money as
Decimal without a currency sign, days and moments as ISO 8601 in UTC.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from django.http import HttpRequest, StreamingHttpResponse

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import Actor, record

# ASVS 1.2.10, with the full-width signs that some spreadsheets take for the same.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class _Echo:
    """A file that hands back what is written to it, so that rows leave as they are made."""

    def write(self, text: str) -> str:
        return text


def wants_csv(request: HttpRequest) -> bool:
    """Whether the list was asked for as `?format=csv`."""
    return request.GET.get("format") == "csv"


def cell(value: object) -> str | int | float | Decimal:
    """One value as it stands in the file; unknown (None) is an empty cell, never zero."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of the file, header first (RFC 4180: CRLF, quotes where needed)."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([cell(name) for name in header])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, acting_user: Actor
) -> StreamingHttpResponse:
    """A download called `name`.csv; rows are taken from the iterable as they are sent.

    UTF-8 with a byte order mark, without which Excel reads names in the wrong
    encoding. Every export leaves an audit line.
    """
    filename = f"{name.removesuffix('.csv')}.csv"
    record(AuditVerb.EXPORTED, acting_user=acting_user, object_type="export", object_label=filename)
    response = StreamingHttpResponse(lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response
