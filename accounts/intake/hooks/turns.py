"""When a ticket was closed and opened again, and when it was rated, out of what its records say. Pure.

`turns` are the moments at which it was closed and opened again, in pairs, before
how it stands now: `closed_at`, None while it is open. A rating that nobody dated
was given when it was first told; if nothing was told of the ticket before, when
the ticket was closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.intake.hooks.lasting import Word, runs_of, with_word
from accounts.intake.hooks.rules import Record, Told, digest, newer_fields

CLOSED, RATED = "closed_at", "rated_at"


def news_of(record: Record, told: Told, values: Mapping[str, Any], key: bytes) -> tuple[Record, Told]:
    """The record with the moments that its lasting words come to, and what is new in it: see `newer_fields`.

    `told` and `values` are what was told of the ticket before, and how it stands.
    """
    newer = newer_fields(told, record, key)
    if not record.lasting:
        return record, newer
    words = _words(told, values, key)
    for name, how in record.lasting.items():
        before, until = words[name]
        if until is None or record.at >= until:
            word = Word(record.at, _so(how.so, key), how.began, how.since)
            words[name] = with_word(before, word), until
    stands = _moments(words[CLOSED][0], words[RATED][0])
    for name in record.lasting:
        said = [str(word) for word in words[name][0]]
        newer |= {_said(name): said} if said != told.get(_said(name)) else {}
    is_first = {name for name in record.lasting if name not in told}
    for name, moment in stands.items():
        if moment != values.get(name) or name in is_first:
            newer[name] = [record.at.isoformat(), digest(moment, key)]
    return replace(record, fields=record.fields | stands), newer


def _words(told: Told, values: Mapping[str, Any], key: bytes) -> dict[str, tuple[list[Word], datetime | None]]:
    """Of each field the words that come to how the ticket stands.

    A file that was read since has the last word on what was told until then:
    older words count no more, which is until the moment beside them.
    """
    said = {name: [Word.read(word) for word in told.get(_said(name), [])] for name in (CLOSED, RATED)}
    so = _so(values.get("satisfaction"), key)
    stands = _moments(said[CLOSED], said[RATED])
    as_it_was = {
        CLOSED: (stands[CLOSED], stands["turns"]) == (values.get(CLOSED), values.get("turns")),
        RATED: stands[RATED] == values.get(RATED) and ([run.so for run in runs_of(said[RATED])] or [""])[-1] == so,
    }
    of_row = {CLOSED: _closings(values, key), RATED: _ratings(values, so)}
    return {
        name: (words, None) if as_it_was[name] else (of_row[name], _until(name, words, told))
        for name, words in said.items()
    }


def _closings(values: Mapping[str, Any], key: bytes) -> list[Word]:
    turns, closed, so = values.get("turns") or [], values.get(CLOSED), _so(True, key)
    words = [Word(moment, "" if place % 2 else so) for place, moment in enumerate(turns)]
    return [*words, Word(closed, so)] if closed else words


def _ratings(values: Mapping[str, Any], so: str) -> list[Word]:
    """As the facts count it: a rating without a moment when the ticket was closed first."""
    moment = values.get(RATED) or (values.get("turns") or [values.get(CLOSED)])[0]
    return [Word(moment, so, since=moment)] if so and moment else []


def _until(name: str, words: Sequence[Word], told: Told) -> datetime | None:
    times = [word.at for word in words]
    fields = (name, "satisfaction") if name == RATED else (name,)
    times += [datetime.fromisoformat(told[field][0]) for field in fields if field in told]
    return max(times, default=None)


def _moments(closings: Sequence[Word], ratings: Sequence[Word]) -> dict[str, Any]:
    runs = runs_of(closings)
    turns = [
        moment
        for run, following in zip(runs, runs[1:], strict=False)
        if run.so
        for moment in (run.since, following.since)
    ]
    closed = runs[-1].since if runs and runs[-1].so else None
    return {CLOSED: closed, "turns": turns or None, RATED: _rated_at(ratings, closings, [*turns, closed][0])}


def _rated_at(ratings: Sequence[Word], closings: Sequence[Word], closed_first: datetime | None) -> datetime | None:
    runs = runs_of(ratings)
    if not runs or not runs[-1].so:
        return None
    run = runs[-1]
    was_told_of = len(runs) > 1 or any(word.at < run.told_at for word in closings)
    if run.is_told or was_told_of or closed_first is None:
        return run.since
    return min(run.since, closed_first)


def _so(value: Any, key: bytes) -> str:
    return "" if value is None else digest(value, key)


def _said(name: str) -> str:
    return f"{name}: said"
