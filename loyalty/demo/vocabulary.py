"""The events of the demo company's product, how often people do them and how long they take.

The product is an analytics tool. Rates are per person and active day.
"""

from dataclasses import dataclass

PRODUCT = "Larkfield"

SIGNED_IN = "Signed In"
ONBOARDED = "Onboarding Completed"
ACTIVATED = "Core Workflow Activated"
INTEGRATED = "Integration Connected"
CUSTOM_REPORT = "Custom Report Generated"
MILESTONE_EVENTS = (ONBOARDED, ACTIVATED, INTEGRATED, CUSTOM_REPORT)
API_CALL = "API Call"


@dataclass(frozen=True)
class Kind:
    """`share` of people ever do it; those do it `rate` times on an active day; `seconds` on average."""

    name: str
    rate: float
    share: float
    seconds: int
    property_name: str = ""
    property_values: tuple[str, ...] = ()


_REPORTS = ("Weekly active accounts", "Revenue by region", "Funnel drop-off", "Retention by cohort", "Pipeline health")
_BOARDS = ("Executive overview", "Growth", "Support load", "Marketing mix", "Product adoption")

KINDS: tuple[Kind, ...] = (
    Kind(SIGNED_IN, 0.0, 1.0, 0, "method", ("password", "sso", "sso", "google")),
    Kind("Dashboard Viewed", 1.9, 0.96, 150, "dashboard", _BOARDS),
    Kind("Report Generated", 0.85, 0.62, 240, "report", _REPORTS),
    Kind("Export Created", 0.45, 0.34, 60, "format", ("csv", "xlsx", "pdf")),
    Kind(API_CALL, 7.0, 0.0, 0, "endpoint", ("/v2/query", "/v2/metrics", "/v2/export")),
    Kind("Dashboard Created", 0.16, 0.26, 420, "dashboard", _BOARDS),
    Kind("Dashboard Shared", 0.22, 0.30, 40, "with", ("team", "link", "email")),
    Kind("Alert Created", 0.12, 0.20, 90, "channel", ("email", "slack")),
    Kind("Funnel Explored", 0.40, 0.24, 300, "steps", ("3", "4", "5")),
    Kind("Cohort Viewed", 0.38, 0.22, 200, "by", ("week", "month")),
    Kind("Segment Built", 0.15, 0.18, 260, "conditions", ("1", "2", "3")),
    Kind("Query Saved", 0.30, 0.20, 180, "language", ("sql", "builder")),
    Kind("Annotation Added", 0.14, 0.16, 30),
    Kind("Comment Posted", 0.30, 0.28, 45),
    Kind("Schedule Created", 0.08, 0.14, 80, "every", ("day", "week", "month")),
    Kind("Data Source Synced", 0.35, 0.10, 0, "connector", ("postgres", "salesforce", "hubspot")),
    Kind("Teammate Invited", 0.04, 0.20, 35),
    Kind(ONBOARDED, 0.0, 0.0, 300),
    Kind(ACTIVATED, 0.0, 0.0, 240, "workflow", ("metric review", "weekly report")),
    Kind(INTEGRATED, 0.0, 0.0, 360, "connector", ("salesforce", "hubspot", "segment", "snowflake")),
    Kind(CUSTOM_REPORT, 0.16, 0.45, 480, "report", ("Board pack", "Churn drivers", "Account health", "Unit costs")),
)
NAMES: tuple[str, ...] = tuple(kind.name for kind in KINDS)
INDEX: dict[str, int] = {name: position for position, name in enumerate(NAMES)}
