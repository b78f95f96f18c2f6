"""What consent is, as sources, quizzes and people tell it. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A version is a short name such as "2026-03": nothing that could name a person.
POLICY_VERSION = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._ -]{0,39}\Z")


class ConsentSource(StrEnum):
    """Who told us."""

    IDENTIFY = "identify"
    RECORD = "record"
    FILE = "file"
    QUIZ = "quiz"
    CS = "cs"
    ERASURE = "erasure"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    ConsentSource.IDENTIFY: "The product (identify call)",
    ConsentSource.RECORD: "A record of the feedback system",
    ConsentSource.FILE: "A file of the feedback system",
    ConsentSource.QUIZ: "The preference quiz",
    ConsentSource.CS: "Customer Success",
    ConsentSource.ERASURE: "Erasure",
}


@dataclass(frozen=True)
class Word:
    """A contact agreed (`granted`) or withdrew, `at` (UTC), to the policy of that version."""

    contact_id: int
    granted: bool
    policy_version: str
    source: ConsentSource
    at: datetime


def policy_version_in(text: object) -> str:
    """The version as it can be kept; empty when it is none."""
    version = text.strip() if isinstance(text, str) else ""
    return version if POLICY_VERSION.fullmatch(version) else ""
