"""Since when something is so, out of words that only tell how it was at their own time. Pure.

A ticket that is told of as solved on the 1st, and as solved again on the 11th,
was closed on the 1st; if it was told of as open in between, it was closed from
the 1st until then, and again on the 11th. So all words are remembered, and they
come to the same in whatever order they came, and however often; what they say
of a day is what those said that had been spoken by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

# Of more words than this, those go that told nothing new in their time: they could only have mattered to a word
# from among them that comes this much too late.
MOST_WORDS = 200


@dataclass(frozen=True)
class Word:
    """How it was at a time: `so` is any text, "" for not at all.

    `since`: from when on, where that was told; `began`: it became so just then, and was otherwise before.
    """

    at: datetime
    so: str
    began: bool = False
    since: datetime | None = None

    @classmethod
    def read(cls, text: str) -> "Word":
        """The reverse of `str`."""
        at, so, began, since = text.split(" ")
        told = datetime.fromisoformat(since) if since != "-" else None
        return cls(datetime.fromisoformat(at), "" if so == "-" else so, began == "began", told)

    def __str__(self) -> str:
        since = self.since.isoformat() if self.since else "-"
        return f"{self.at.isoformat()} {self.so or '-'} {'began' if self.began else '-'} {since}"

    @property
    def order(self) -> tuple[datetime, str, bool, datetime]:
        """What orders words of the same moment too; what is so comes after what is not."""
        return self.at, self.so, self.began, self.since or self.at


@dataclass(frozen=True)
class Run:
    """It was `so` from `since` on, by the word of `told_at`; `is_told`: that word told since when."""

    so: str
    since: datetime
    told_at: datetime
    is_told: bool


def with_word(words: Iterable[Word], word: Word) -> list[Word]:
    """The words and one more, in their order."""
    ordered = sorted({*words, word}, key=lambda one: one.order)
    return [one for place, one in enumerate(ordered) if place >= len(ordered) - MOST_WORDS or _tells(ordered, place)]


def runs_of(words: Iterable[Word]) -> list[Run]:
    """How it was, one after the other. A word that tells since when is right about what others say of then."""
    runs: list[Run] = []
    for word in sorted(words, key=lambda one: one.order):
        since = word.since or word.at
        while runs and runs[-1].since > since:
            runs.pop()
        is_another = not runs or runs[-1].so != word.so
        if word.since and not is_another:
            runs.pop()
        if is_another or word.since or (word.began and runs[-1].since < since):
            runs.append(Run(word.so, since, word.at, word.since is not None))
    return runs


def _tells(words: Sequence[Word], place: int) -> bool:
    word, before = words[place], words[place - 1]
    return place == 0 or word.began or (word.so, word.since) != (before.so, before.since)
