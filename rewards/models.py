from rewards.approvals.models import ApprovalSettings, ApprovalStep
from rewards.campaigns.models import Campaign, Candidate
from rewards.caps.models import Cap, CapEntry, CapPeriod
from rewards.catalogue.models import Reward, RewardVersion
from rewards.fit.models import FitRule, FitRuleVersion
from rewards.ledger.models import CreditLot, LedgerAccount, Posting, PostingLine
from rewards.offers.models import Grant, Offer

__all__ = [
    "ApprovalSettings",
    "ApprovalStep",
    "Campaign",
    "Candidate",
    "Cap",
    "CapEntry",
    "CapPeriod",
    "CreditLot",
    "FitRule",
    "FitRuleVersion",
    "Grant",
    "LedgerAccount",
    "Offer",
    "Posting",
    "PostingLine",
    "Reward",
    "RewardVersion",
]
