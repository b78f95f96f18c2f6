"""The documented shapes of records; these models are the schema that the OpenAPI document shows.

A record says what is so since `updated_at`. A field that it leaves out stays as
it is; null makes it unknown. Types are strict: a number is not a text.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from accounts.intake.hooks.rules import Lasting, RecordType
from accounts.privacy.rules import POLICY_VERSION
from accounts.records.rules import LARGEST_COUNT, PlanSegment

_EARLIEST, _LATEST = date(1970, 1, 1), date(2200, 1, 1)
_UNSAID = datetime(1971, 1, 1, tzinfo=UTC)
_ZONES = frozenset(available_timezones())


def _in_range(moment: datetime) -> datetime:
    if not _EARLIEST.year < moment.year < _LATEST.year:
        raise ValueError("the time must lie between 1971 and 2199")
    return moment.astimezone(UTC)


def _day_in_range(day: date) -> date:
    if not _EARLIEST <= day < _LATEST:
        raise ValueError("the day must lie between 1970 and 2199")
    return day


def _zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("the time zone must be a name such as Europe/Paris")
    return name


def _to_tenths(score: Decimal) -> Decimal:
    return score.quantize(Decimal("0.1"))


def _version(name: str) -> str:
    if name and not POLICY_VERSION.fullmatch(name):
        raise ValueError("the version must be a short name such as 2026-03")
    return name


def _text(longest: int, shortest: int = 0, pattern: str | None = None) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest, pattern=pattern)


Id = Annotated[str, _text(255, 1)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]
Day = Annotated[date, AfterValidator(_day_in_range)]
Score = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=4, decimal_places=1)]


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out stays as it is: the defaults of the models stand for nothing."""
    for described in schema.get("properties", {}).values():
        described.pop("default", None)


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra=_without_defaults)

    record_type: ClassVar[RecordType]

    @property
    def lasting(self) -> Mapping[str, Lasting]:
        """Field → how it was, of those fields that keep since when."""
        return {}


class _Record(_Shape):
    external_id: Id = Field(description="The id in the sending system.")
    updated_at: Moment = Field(
        description="When the record became so, with a time zone. An older record never undoes a newer one."
    )


class AccountRecord(_Record):
    """A customer company, from the CRM."""

    record_type = RecordType.ACCOUNT

    name: Annotated[str, _text(300, 1)] = Field(default="", description="Left out, a new account is called by its id.")
    industry: Annotated[str, _text(100)] | None = None
    country: Annotated[str, _text(2, 2, "^[A-Z]{2}$")] | None = Field(default=None, description="ISO 3166-1 alpha-2.")
    employee_count: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] | None = None
    goals: Annotated[str, _text(10_000)] | None = None
    plan_segment: PlanSegment | None = None
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="Whose days streaks are counted in; the company’s own while it is unknown."
    )
    referred_by: Annotated[str, _text(255)] | None = Field(
        default=None, description="external_id of the account that referred this one; it may be told of later."
    )
    signed_up_on: Day | None = None


class ContactRecord(_Record):
    """A person at a customer company, from the CRM. Roles are confirmed by Customer Success and not sent."""

    record_type = RecordType.CONTACT

    account: Id | None = Field(default=None, description="external_id of an account.")
    name: Annotated[str, _text(300)] | None = None
    first_name: Annotated[str, _text(150)] | None = Field(default=None, description="Makes the name with last_name.")
    last_name: Annotated[str, _text(150)] | None = None
    email: Annotated[str, _text(320)] | None = None


class TicketRecord(_Record):
    """A support ticket."""

    record_type = RecordType.TICKET

    account: Id = Field(default="", description="external_id of an account; a new ticket must name it.")
    opened_at: Moment = Field(default=_UNSAID, description="A new ticket must name it.")
    closed_at: Moment | None = Field(
        default=None,
        description="Null when it is open, or open again since updated_at: then it stays closed for the days between.",
    )
    priority: Annotated[str, _text(20)] | None = None
    satisfaction: Annotated[Score, Field(ge=1, le=5), AfterValidator(_to_tenths)] | None = Field(
        default=None, description="1 to 5, as rated."
    )
    rated_at: Moment | None = Field(
        default=None,
        description="When it was rated, beside satisfaction; the rating counts from then on. Left out, that is the "
        "updated_at of the first record that tells it, and closed_at where no record told of the ticket before.",
    )

    @model_validator(mode="after")
    def _is_rated(self) -> Self:
        if self.rated_at is not None and self.satisfaction is None:
            raise ValueError("rated_at needs satisfaction beside it")
        return self

    @property
    def lasting(self) -> Mapping[str, Lasting]:
        told = {}
        if "closed_at" in self.model_fields_set:
            told["closed_at"] = Lasting(None if self.closed_at is None else True, since=self.closed_at)
        if "satisfaction" in self.model_fields_set:
            told["rated_at"] = Lasting(self.satisfaction, since=self.rated_at)
        return told


class FeedbackRecord(_Record):
    """One answer: NPS (0 to 10) or CSAT (1 to 5)."""

    record_type = RecordType.FEEDBACK

    account: Id = Field(default="", description="external_id of an account; a new answer must name it.")
    contact: Id | None = Field(default=None, description="Who answered; made when new.")
    kind: Literal["nps", "csat"] = "nps"
    score: Annotated[Score, Field(ge=0, le=10)] = Field(default=Decimal(0), description="A new answer must name it.")
    at: Moment = Field(default=_UNSAID, description="When it was given; a new answer must name it.")


class ConsentRecord(_Shape):
    """A contact agreed to, or withdrew from, the use of their data."""

    record_type = RecordType.CONSENT

    contact: Id = Field(description="external_id of a contact that is known.")
    granted: bool
    policy_version: Annotated[str, _text(40), AfterValidator(_version)] = ""
    at: Moment


AnyRecord = AccountRecord | ContactRecord | TicketRecord | FeedbackRecord | ConsentRecord

SHAPES: dict[RecordType, type[AnyRecord]] = {
    shape.record_type: shape for shape in (AccountRecord, ContactRecord, TicketRecord, FeedbackRecord, ConsentRecord)
}
