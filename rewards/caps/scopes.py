"""Which ones a cap can be set on, and what they are called."""

from accounts.records.models import Account
from accounts.segments.queries import segment_choices
from accounts.tiers.queries import tier_choices
from loyalty.core.errors import DomainError
from loyalty.core.people.rules import FUNCTION_LABELS
from rewards.caps.models import Cap
from rewards.caps.rules import CapScope
from rewards.catalogue.queries import by_hand_among, reward_kinds, reward_names, rewarding_campaigns
from rewards.catalogue.rules import KINDS

WHOLE_PROGRAMME = "The whole programme"


def choices_of(scope: CapScope) -> list[tuple[str, str]]:
    """The (key, label) pairs to choose from; empty where there is nothing to choose, or too much to list."""
    if scope is CapScope.FUNCTION:
        return [(f.value, label) for f, label in FUNCTION_LABELS.items()]
    if scope is CapScope.REWARD_KIND:
        return [(kind, kind_label(kind)) for kind in reward_kinds()]
    if scope is CapScope.REWARD:
        return [(str(pk), name) for pk, name in reward_names()]
    if scope is CapScope.TIER:
        return [(choice.value, choice.label) for choice in tier_choices()]
    if scope is CapScope.SEGMENT:
        return [(choice.value, choice.label) for choice in segment_choices()]
    if scope is CapScope.CAMPAIGN:
        return [(str(pk), name) for pk, name in rewarding_campaigns()]
    return []


def why_no_occurrences(scope: CapScope, key: str) -> str:
    """Why a cap on this cannot count occurrences: none of its rewards is delivered by people. Empty when it can."""
    if scope is CapScope.REWARD and not by_hand_among(pk=int(key or 0)):
        return "This reward is handed over by a system of ours. Occurrences count what people deliver."
    if scope is CapScope.REWARD_KIND and not by_hand_among(kind=key):
        return "No reward of this kind is delivered by people, so there are no occurrences to count."
    return ""


def account_key(text: str) -> str:
    """The key of the account that a person named by its id in the CRM or by its exact name.

    Raises DomainError when there is none, or when several have that name.
    """
    wanted = text.strip()
    by_id = Account.objects.filter(external_id=wanted).first()
    if by_id is not None:
        return str(by_id.pk)
    found = list(Account.objects.filter(name__iexact=wanted).values_list("pk", flat=True)[:2])
    if not found:
        raise DomainError(f"No account has the id or the name “{wanted}”.")
    if len(found) > 1:
        raise DomainError(f"Several accounts are called “{wanted}”. Give the account’s id in the CRM.")
    return str(found[0])


def kind_label(kind: str) -> str:
    """A kind of reward in words: service_credit is “Service credit”."""
    return KINDS[kind].label if kind in KINDS else kind.replace("_", " ").capitalize()


def labels_of(caps: list[Cap]) -> dict[int, str]:
    """What each cap limits, by cap id, with one query a scope."""
    names = {scope: dict(choices_of(scope)) for scope in {CapScope(cap.scope) for cap in caps}}
    keys = [int(c.scope_key) for c in caps if c.scope == CapScope.ACCOUNT and c.scope_key.isdigit()]
    if keys:
        rows = Account.objects.filter(pk__in=keys).values_list("pk", "name")
        names[CapScope.ACCOUNT] = {str(pk): name for pk, name in rows}
    return {cap.pk: _label(CapScope(cap.scope), cap.scope_key, names[CapScope(cap.scope)]) for cap in caps}


def _label(scope: CapScope, key: str, names: dict[str, str]) -> str:
    name = names.get(key, "no longer there")
    match scope:
        case CapScope.PROGRAMME:
            return WHOLE_PROGRAMME
        case CapScope.FUNCTION:
            return f"Campaigns of {name}"
        case CapScope.REWARD_KIND:
            return f"Rewards of the kind “{kind_label(key)}”"
        case CapScope.REWARD:
            return f"The reward “{name}”"
        case CapScope.TIER:
            return f"Accounts of the tier “{name}”"
        case CapScope.SEGMENT:
            return f"Accounts whose primary segment is “{name}”"
        case CapScope.CAMPAIGN:
            return f"Campaign “{name}”"
        case CapScope.ACCOUNT:
            return f"Account {name}"
