"""Since when something is so, out of words that only tell how it was at their own time. Pure.

A ticket that is told of as solved on the 1st, and as solved again on the 11th,
was closed on the 1st; if it was told of as open in between, on the 11th. So the
words since it was last otherwise are remembered, and the first of them counts:
the same one in whatever order they come, and however often.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.intake.hooks.rules import Lasting, Record, Told, digest, newer_fields


def news_of(record: Record, told: Told, values: Mapping[str, Any], key: bytes) -> tuple[Record, Told]:
    """The record with the moments that its lasting words come to, and what is new in it: see `newer_fields`.

    `told` and `values` are what was told of the object before, and how it stands.
    """
    newer = newer_fields(told, record, key)
    fields = dict(record.fields)
    for name, word in record.lasting.items():
        fields[name], fresh = _began_at(name, word, record.at, told, values.get(name), key)
        newer |= fresh
    return replace(record, fields=fields), newer


def _began_at(
    name: str, word: Lasting, at: datetime, told: Told, known: datetime | None, key: bytes
) -> tuple[datetime | None, Told]:
    """The moment that the field should hold, None while it is not so, and what is to be remembered of that."""
    words = told.get(_words(name), [""])
    if _moment(words) != known:
        # A file, or who tells the moment itself, has the last word on what was told until then.
        if name in told and at < datetime.fromisoformat(told[name][0]):
            return known, {}
        words = ["", known.isoformat()] if known else [""]
    after = _after(words, word, at)
    if after == told.get(_words(name)):
        return known, {}
    moment = _moment(after)
    is_news = moment != known or name not in told
    return moment, {_words(name): after, **({name: [at.isoformat(), digest(moment, key)]} if is_news else {})}


def _after(words: list[str], word: Lasting, at: datetime) -> list[str]:
    """When it was last otherwise ("" where nobody said), and each moment from then on at which it was so."""
    otherwise, so = set(_moments(words[:1])), set(_moments(words[1:]))
    if word.is_so:
        so.add(at)
    if word.began or not word.is_so:
        otherwise = {max(otherwise | {at})}
    since = [moment for moment in sorted(so) if not otherwise or moment >= max(otherwise)]
    return [max(otherwise).isoformat() if otherwise else "", *(moment.isoformat() for moment in since)]


def _moment(words: list[str]) -> datetime | None:
    return datetime.fromisoformat(words[1]) if words[1:] else None


def _moments(words: Iterable[str]) -> list[datetime]:
    return [datetime.fromisoformat(word) for word in words if word]


def _words(name: str) -> str:
    return f"{name}: words"
