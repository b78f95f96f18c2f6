"""When a ticket was closed and opened again, and how it was rated when, out of what its records say. Pure.

`turns` are the moments at which it was closed and opened again, in pairs, before
how it stands now: `closed_at`, None while it is open. `former_scores` and
`former_rated_at` are, side by side, what it was rated before `satisfaction`, which
it has since `rated_at`; no score: the rating was taken back. A rating that nobody
dated was given when it was first told; if nothing was told of the ticket before,
when the ticket was closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.intake.hooks.lasting import Word, runs_of, with_word
from accounts.intake.hooks.rules import Record, Told, digest, newer_fields

CLOSED, TURNS = "closed_at", "turns"
RATED, SCORE, FORMER_RATED, FORMER_SCORES = "rated_at", "satisfaction", "former_rated_at", "former_scores"


def news_of(record: Record, told: Told, values: Mapping[str, Any], key: bytes) -> tuple[Record, Told]:
    """The record with what its lasting words come to, and what is new in it: see `newer_fields`.

    `told` and `values` are what was told of the ticket before, and how it stands.
    """
    newer = newer_fields(told, record, key)
    if not record.lasting:
        return record, newer
    newer.pop(SCORE, None)  # its words tell it, with those of other times
    words = _words(told, values, key)
    for name, how in record.lasting.items():
        before, until = words[name]
        if until is None or record.at >= until:
            word = Word(record.at, _so(name, how.so, key), how.began, how.since)
            words[name] = with_word(before, word), until
    stands = _stands(words[CLOSED][0], words[RATED][0])
    for name in record.lasting:
        said = [str(word) for word in words[name][0]]
        newer |= {_said(name): said} if said != told.get(_said(name)) else {}
    is_first = {name for name in record.lasting if name not in told}
    for name, value in stands.items():
        if value != values.get(name) or name in is_first:
            newer[name] = [record.at.isoformat(), digest(value, key)]
    return replace(record, fields=record.fields | stands), newer


def _words(told: Told, values: Mapping[str, Any], key: bytes) -> dict[str, tuple[list[Word], datetime | None]]:
    """Of each field the words that come to how the ticket stands.

    A file that was read since has the last word on what was told until then:
    older words count no more, which is until the moment beside them.
    """
    said = {name: [Word.read(word) for word in told.get(_said(name), [])] for name in (CLOSED, RATED)}
    closing = _closing(said[CLOSED])
    rating = _rating(said[RATED], said[CLOSED], _closed_first(closing))
    as_it_was = {
        name: all(values.get(column) == value for column, value in stands.items())
        for name, stands in ((CLOSED, closing), (RATED, rating))
    }
    of_row = {CLOSED: _closings(values, key), RATED: _ratings(values, key)}
    return {
        name: (words, None) if as_it_was[name] else (of_row[name], _until(name, words, told))
        for name, words in said.items()
    }


def _closings(values: Mapping[str, Any], key: bytes) -> list[Word]:
    turns, closed, so = values.get(TURNS) or [], values.get(CLOSED), _so(CLOSED, True, key)
    words = [Word(moment, "" if place % 2 else so) for place, moment in enumerate(turns)]
    return [*words, Word(closed, so)] if closed else words


def _ratings(values: Mapping[str, Any], key: bytes) -> list[Word]:
    """As the facts count it: a rating without a moment when the ticket was closed first."""
    moments, scores = [*(values.get(FORMER_RATED) or [])], [*(values.get(FORMER_SCORES) or [])]
    if values.get(SCORE) is not None:
        moments.append(values.get(RATED) or _closed_first(values))
        scores.append(values[SCORE])
    return [
        Word(moment, _so(RATED, score, key), since=moment)
        for moment, score in zip(moments, scores, strict=True)
        if moment
    ]


def _until(name: str, words: Sequence[Word], told: Told) -> datetime | None:
    times = [word.at for word in words]
    fields = (name, SCORE) if name == RATED else (name,)
    times += [datetime.fromisoformat(told[field][0]) for field in fields if field in told]
    return max(times, default=None)


def _stands(closings: Sequence[Word], ratings: Sequence[Word]) -> dict[str, Any]:
    """Column → what the words come to; nothing of the rating when there are no words of it."""
    closing = _closing(closings)
    return closing | (_rating(ratings, closings, _closed_first(closing)) if ratings else {})


def _closing(closings: Sequence[Word]) -> dict[str, Any]:
    runs = runs_of(closings)
    turns = [
        moment
        for run, following in zip(runs, runs[1:], strict=False)
        if run.so
        for moment in (run.since, following.since)
    ]
    closed = runs[-1].since if runs and runs[-1].so else None
    return {CLOSED: closed, TURNS: turns or None}


def _rating(ratings: Sequence[Word], closings: Sequence[Word], closed_first: datetime | None) -> dict[str, Any]:
    stood: list[tuple[datetime, Decimal | None]] = []
    for place, run in enumerate(runs_of(ratings)):
        was_told_of = place > 0 or any(word.at < run.told_at for word in closings)
        since = run.since if run.is_told or was_told_of else min(run.since, closed_first or run.since)
        if stood and stood[-1][0] == since:
            stood.pop()  # it stood for no time
        if run.so or stood:
            stood.append((since, Decimal(run.so) if run.so else None))
    last = stood.pop() if stood and stood[-1][1] is not None else (None, None)
    return {
        RATED: last[0],
        SCORE: last[1],
        FORMER_RATED: [since for since, _ in stood] or None,
        FORMER_SCORES: [score for _, score in stood] or None,
    }


def _closed_first(values: Mapping[str, Any]) -> datetime | None:
    first: datetime | None = (values.get(TURNS) or [values.get(CLOSED)])[0]
    return first


def _so(name: str, value: Any, key: bytes) -> str:
    """Scores stand as they are, since what a ticket was rated before is told out of them."""
    if value is None:
        return ""
    return f"{value:.1f}" if name == RATED else digest(value, key)


def _said(name: str) -> str:
    return f"{name}: said"
