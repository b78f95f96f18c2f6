"""Whom a change request is told to: those who may decide it, those who wrote it, those who take part in the talk."""

from collections.abc import Iterable

from django.urls import reverse

from loyalty.core.changes.models import ChangeComment, ChangeRequest
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function


def tell_it_waits(change: ChangeRequest) -> None:
    """Those who may decide these terms; other terms are told anew."""
    deciders = members(Function(change.owner_function)).exclude(pk__in=_writers(change))
    _tell(change, deciders.values_list("pk", flat=True), f"waits:{change.digest[:16]}", f"{change} waits for you")


def tell_outcome(change: ChangeRequest, outcome: str, *, acting_user: User | None) -> None:
    """Those who wrote it; `outcome` is one word or two: “rejected”."""
    by = f" by {acting_user.display_name}" if acting_user else ""
    note = f": {change.decision_note}" if change.decision_note else ""
    _tell(change, _writers(change, acting_user), outcome, f"{change} was {outcome}{by}{note}")


def tell_comment(said: ChangeComment) -> None:
    """Those who wrote the request and those who said something before, but for who says it now."""
    change, author = said.change, said.author
    talking = set(change.comments.values_list("author_id", flat=True)) | set(_writers(change))
    words = f"{author.display_name} on {change}: {said.text}"
    _tell(change, talking - {author.pk}, f"comment:{said.pk}", words)


def _writers(change: ChangeRequest, but: User | None = None) -> list[int]:
    editors = change.editors.exclude(user=but) if but else change.editors
    return list(editors.values_list("user_id", flat=True))


def _tell(change: ChangeRequest, people: Iterable[int], cause: str, words: str) -> None:
    tell(people, f"change:{change.pk}:{cause}", words, reverse("change", args=[change.pk]))
