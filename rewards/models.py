from rewards.affordability.models import AssumptionSet, AssumptionSetVersion
from rewards.approvals.models import ApprovalSettings, ApprovalStep, OfferComment, OfferRevision, SavedView
from rewards.approvals.required.models import ApprovalRule, ApprovalRuleVersion
from rewards.breakage.models import BreakageMonth, BreakageRate, BreakageRateVersion
from rewards.campaigns.models import Campaign, CampaignApproval, CampaignStep, CampaignVersion, Candidate, EvaluationDue
from rewards.caps.models import Cap, CapAlert, CapEntry, CapPeriod
from rewards.catalogue.models import Reward, RewardVersion
from rewards.closing.models import ClosedMonth, JournalCodes
from rewards.delivery.api.models import ApiKey, Redemption
from rewards.delivery.billing.models import BillingConnection
from rewards.delivery.invoices.models import BalanceChange, BalanceTry, BillingSettings, InvoiceCredit
from rewards.delivery.outgoing.models import DeliveryTry, Endpoint, EndpointSecret, EventDelivery, OutgoingEvent
from rewards.delivery.tasks.models import DeliveryTask
from rewards.fit.models import FitRule, FitRuleVersion
from rewards.holdouts.models import HoldoutAssignment
from rewards.ledger.models import (
    BooksProof,
    CreditLot,
    LedgerAccount,
    MonthCell,
    OpenCell,
    Posting,
    PostingLine,
    UnfoldedPosting,
)
from rewards.offers.models import Grant, Offer
from rewards.perks.models import TierPerks, TierPerksVersion
from rewards.rates.models import UnitRate
from rewards.tax.models import TaxablePayment, TaxProfile, TaxRules, TaxRulesVersion

__all__ = [
    "ApiKey",
    "BooksProof",
    "ApprovalRule",
    "ApprovalRuleVersion",
    "ApprovalSettings",
    "ApprovalStep",
    "AssumptionSet",
    "AssumptionSetVersion",
    "BalanceChange",
    "BalanceTry",
    "BillingConnection",
    "BreakageMonth",
    "BreakageRate",
    "BreakageRateVersion",
    "BillingSettings",
    "Campaign",
    "CampaignApproval",
    "CampaignStep",
    "CampaignVersion",
    "Candidate",
    "Cap",
    "CapAlert",
    "CapEntry",
    "CapPeriod",
    "ClosedMonth",
    "CreditLot",
    "DeliveryTask",
    "DeliveryTry",
    "Endpoint",
    "EndpointSecret",
    "EvaluationDue",
    "EventDelivery",
    "FitRule",
    "FitRuleVersion",
    "Grant",
    "HoldoutAssignment",
    "JournalCodes",
    "InvoiceCredit",
    "LedgerAccount",
    "MonthCell",
    "Offer",
    "OfferComment",
    "OfferRevision",
    "OutgoingEvent",
    "OpenCell",
    "Posting",
    "PostingLine",
    "Redemption",
    "Reward",
    "RewardVersion",
    "SavedView",
    "TaxProfile",
    "TaxRules",
    "TaxRulesVersion",
    "TaxablePayment",
    "TierPerks",
    "TierPerksVersion",
    "UnfoldedPosting",
    "UnitRate",
]
