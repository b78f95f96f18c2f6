"""Whom a change request is told to: those who may decide it, those who wrote it, those who take part in the talk."""

from collections.abc import Iterable

from django.urls import reverse

from loyalty.core.absence.seats import company_day, in_force
from loyalty.core.changes.models import ChangeComment, ChangeRequest
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from loyalty.core.people.queries import members
from loyalty.core.people.rules import Function


def tell_it_waits(change: ChangeRequest) -> None:
    """Those who may decide these terms, and who stands in for them today; other terms are told anew."""
    writers = _writers(change)
    deciders = members(Function(change.owner_function)).exclude(pk__in=writers)
    standing_in = in_force(company_day()).filter(delegator__in=deciders).exclude(delegate__in=writers)
    people = {person.pk for person in deciders} | set(standing_in.values_list("delegate_id", flat=True))
    _tell(change, people, f"waits:{change.digest[:16]}", f"{change} waits for you")


def tell_outcome(change: ChangeRequest, outcome: str, *, by: User | None) -> None:
    """Those who wrote it; `outcome` is one word or two: “rejected”."""
    who = f" by {by.display_name}" if by else ""
    note = f": {change.decision_note}" if change.decision_note else ""
    _tell(change, _writers(change, by), f"is:{change.state}:{change.digest[:16]}", f"{change} was {outcome}{who}{note}")


def tell_return(change: ChangeRequest, note: str, *, by: User) -> None:
    """Those who wrote it: it is theirs again."""
    words = f"{by.display_name} asks for changes in {change}: {note}"
    _tell(change, _writers(change), f"returned:{change.digest[:16]}", words)


def tell_it_stands_still(change: ChangeRequest, why: str, *, is_conflict: bool) -> None:
    """Those who wrote it and who approved it: on its day it could not be applied."""
    people = {*_writers(change), change.decided_by_id} - {None}
    cause = "moved-on" if is_conflict else "stands-still"
    _tell(change, [p for p in people if p], f"{cause}:{change.digest[:16]}", f"{change} could not be applied: {why}")


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
