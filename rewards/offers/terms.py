"""The terms of an offer that people approve, pinned by a digest."""

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal


@dataclass(frozen=True)
class OfferTerms:
    """Everything that an approval is an approval of. Money in `currency`."""

    account_id: int
    campaign_id: int
    campaign_version: int
    cause_key: str
    step: int
    reward_id: int
    reward_name: str
    face_value: Decimal
    discount_equivalent: Decimal
    currency: str
    validity_days: int


def digest_of(terms: OfferTerms) -> str:
    """SHA-256 (hex) over the terms as canonical JSON; money with two decimals.

    The database makes the same one, `offer_digest`, for offers that are written set by set.
    """
    fields = {name: f"{v:.2f}" if isinstance(v, Decimal) else v for name, v in asdict(terms).items()}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
