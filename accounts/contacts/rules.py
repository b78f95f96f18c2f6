"""The quiz, the champion who is suggested, and what erasure leaves of a text. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

CHAMPION_DAYS = 90

QUIZ_VERSION = 1
QUIZ_LINK_AGE = timedelta(days=30)
QUIZ_ROLES: Mapping[str, str] = {
    "user": "I use the product in my daily work",
    "lead": "I lead a team that uses it",
    "admin": "I set it up for others",
    "buyer": "I decide on the contract",
    "other": "Something else",
}
REWARD_WISHES: Mapping[str, str] = {
    "credit": "Credit on the next invoice",
    "feature": "Trying a premium feature",
    "training": "Training or a workshop",
    "early": "Seeing new features early",
    "say": "A say in the roadmap",
    "recognition": "Being named as an expert",
}

ERASED = "(erased)"
# What facts are worked out from: without these, erasing somebody would change what their company used.
KEPT_PROPERTIES = ("gigabytes", "duration_seconds")
_SHORTEST_WORD, _SHORTEST_NUMBER = 4, 5


@dataclass(frozen=True)
class Answers:
    """What a contact answered; `work` and `wishes` are words of the tables above, `goals` is free text."""

    work: str
    goals: str
    wishes: list[str]
    consents: bool
    policy_version: str


@dataclass(frozen=True)
class Use:
    """What one contact did in the last CHAMPION_DAYS."""

    contact_id: int
    key_actions: int
    events: int
    days: int


def most_active(uses: Iterable[Use]) -> Use | None:
    """Who drives adoption: the most key actions, then the most events, then the lowest id; None without any use."""
    return min(
        (use for use in uses if use.events), key=lambda u: (-u.key_actions, -u.events, u.contact_id), default=None
    )


class Names:
    """All by which a person is known, and how to strike it out.

    An id as short as “12” is struck out only where it stands alone: it says
    nothing inside a longer text, and much else would be struck out with it.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(stripped for word in words if (stripped := word.strip()))
        longest_first = sorted(self.words, key=lambda word: (-len(word), word))
        self.telling = [word for word in longest_first if _tells(word)]
        self._pattern, self._whole_pattern = _pattern(self.telling), _pattern(longest_first)

    def struck(self, value: Any) -> Any:
        """JSON without the names, as keys or values; what names nobody comes back equal."""
        if isinstance(value, str):
            return self.struck_text(value)
        if isinstance(value, list):
            return [self.struck(item) for item in value]
        if isinstance(value, dict):
            return {self.struck_text(key): self.struck(item) for key, item in value.items()}
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self.words and _tells(str(value)):
            return ERASED
        return value

    def struck_text(self, text: str) -> str:
        """Text without the names."""
        if text.strip() in self.words:
            return ERASED
        return self._pattern.sub(ERASED, text) if self._pattern else text

    def struck_of_them(self, text: str) -> str:
        """What is known to tell of the person, without the names: also without an id too short to say so itself."""
        return self._whole_pattern.sub(ERASED, text) if self._whole_pattern else text

    def is_in(self, text: str) -> bool:
        """Whether the text names the person."""
        return self.struck_text(text) != text

    def is_in_json(self, text: str) -> bool:
        """Whether JSON that is kept as text names the person; what was cut off is looked through as it is written."""
        try:
            told = json.loads(text)
            return bool(self.struck(told) != told)
        except (ValueError, RecursionError):
            lower = text.lower()
            escaped = (form for word in self.telling for form in written(word) - {word})
            return self.is_in(text) or any(form.lower() in lower for form in escaped)


def written(word: str) -> set[str]:
    """How a word can stand in a text, in some case: as it is, and as JSON escapes it, if it does."""
    escaped = set[str]()
    for cased in (word, word.lower(), word.upper()):
        escaped |= {json.dumps(cased, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)} - {cased}
    return {word} | escaped


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    joined = "|".join(re.escape(word) for word in words)
    # An id before or after a hyphen or an underscore is still that id.
    return re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])", re.IGNORECASE) if joined else None


def _tells(word: str) -> bool:
    return len(word) >= (_SHORTEST_NUMBER if word.isdecimal() else _SHORTEST_WORD)
