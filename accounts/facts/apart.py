"""Serving accounts together, and apart where the database cannot hold what comes of one of them.

One account whose figures fit no column must not keep the others from their facts: it is
left out, and the administrators hear of it.
"""

from collections.abc import Callable, Mapping, Sequence

from django.db import DataError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.records.models import Account
from loyalty.core.notices.verbs import Told, tell_all
from loyalty.core.people.queries import administrators


def serve_apart(account_ids: Sequence[int], serve: Callable[[Sequence[int]], int]) -> tuple[int, dict[int, str]]:
    """Serve all accounts at once; where that raises DataError, by halves, down to whom it is about.

    Returns the sum of what the servings returned, and account → what the database said, of those
    that could not be served: nothing was written for them. Call inside a transaction that holds the
    locks of the accounts, which what is undone would give back.
    """
    if not account_ids:
        return 0, {}
    try:
        with transaction.atomic():
            return serve(account_ids), {}
    except DataError as error:
        if len(account_ids) == 1:
            return 0, {account_ids[0]: str(error).partition("\n")[0]}
    middle = len(account_ids) // 2
    done, left_out = serve_apart(account_ids[:middle], serve)
    more, others = serve_apart(account_ids[middle:], serve)
    return done + more, left_out | others


def tell_left_out(left_out: Mapping[int, str]) -> None:
    """Tell the administrators which accounts have no new facts and why, of each once a day (UTC)."""
    if not left_out:
        return
    people = list(administrators().values_list("pk", flat=True))
    day = timezone.now().date()
    told = []
    for pk, name in Account.objects.filter(pk__in=left_out).order_by("pk").values_list("pk", "name"):
        words = f"The facts of {name[:100]} cannot be worked out: {left_out[pk][:100]}. Correct what its sources tell"
        told += [Told(person, f"facts:{pk}:{day}", words, reverse("account", args=[pk])) for person in people]
    tell_all(told)
