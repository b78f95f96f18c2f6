"""Views of the queue that people keep under a name, for themselves or for everybody."""

from dataclasses import dataclass
from urllib.parse import unquote_plus

from django.db import IntegrityError, transaction
from django.db.models import Q

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.approvals.models import SavedView

MOST_VIEWS = 30


@dataclass(frozen=True)
class Kept:
    """One kept view as its chip shows it; `may_remove`: it is the person's own."""

    id: int
    label: str
    url: str
    active: bool
    may_remove: bool


def views_for(user: User, here: str) -> list[Kept]:
    """The person's own views and those that others share, by name; `here` is the address that is shown."""
    rows = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")
    return [
        Kept(
            id=view.pk,
            label=view.name if view.owner_id == user.pk else f"{view.name} ({view.owner.display_name})",
            url=view.query,
            active=view.query == here,
            may_remove=view.owner_id == user.pk,
        )
        for view in rows.order_by("name", "id")
    ]


def keep_view(name: str, query: str, is_shared: bool, *, acting_user: User) -> SavedView:
    """Keep filters under a name; raises DomainError when the name is taken or there are too many."""
    name = " ".join(name.split())
    if not name or not query.startswith("?"):
        raise DomainError("Give the view a name.")
    if SavedView.objects.filter(owner=acting_user).count() >= MOST_VIEWS:
        raise DomainError(f"You keep {MOST_VIEWS} views already. Remove one first.")
    try:
        with transaction.atomic():
            kept = SavedView.objects.create(owner=acting_user, name=name, query=query, is_shared=is_shared)
            record(
                AuditVerb.VIEW_KEPT,
                acting_user=acting_user,
                object_type="view",
                object_id=kept.pk,
                object_label=_label(kept),
                after={"shared": is_shared},
                typed=f"{name}: {unquote_plus(query)}",
            )
    except IntegrityError as taken:
        raise DomainError(f"You keep a view called “{name}” already.") from taken
    return kept


@transaction.atomic
def remove_view(view_id: int, *, acting_user: User) -> None:
    """Remove one of one's own views; raises NotAllowed for anybody else's. Twice is once."""
    view = SavedView.objects.select_for_update().filter(pk=view_id).first()
    if view is None:
        return
    if view.owner_id != acting_user.pk:
        raise NotAllowed("Only who keeps a view can remove it.")
    record(
        AuditVerb.VIEW_REMOVED,
        acting_user=acting_user,
        object_type="view",
        object_id=view.pk,
        object_label=_label(view),
    )
    view.delete()


def _label(view: SavedView) -> str:
    """How the audit names it: its name and its filters are typed, and may look for somebody."""
    return f"number {view.pk}"
