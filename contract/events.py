"""The event contract: the one place where an event type or a field of it is declared.

The ingest's classification, the lake's columns, the staging models and sources of dbt, the JSON Schema for producers and
`docs/events.md` are derived from the declarations below (`python -m contract.generate` rewrites the generated files).

Envelope: CloudEvents 1.0 (https://github.com/cloudevents/spec). Times: RFC 3339 with an offset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

SOURCES = ("shop", "group", "stream")
ERASURE_REQUEST = "shop.erasure_requested.v1"
MONEY_LIMIT = 10**10  # an amount in one field is below this many units of the reporting currency
EARLIEST_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # of an event; earlier ones come from a wrong clock
# What the platform's risk team looks at, in its order.
RISK_RULES = ("levels", "headcount", "price", "copy", "induced_sharing", "spam", "co_posting", "accounts")
TOTAL = "all"  # names the rows that add up all merchants, so no merchant may have this name
MAX_LINE_BYTES = 1 << 20
RETURNED_CALLS = "success_calls_"  # begins the names of landing files that Fanout writes itself, which deliver no day


class Kind(StrEnum):
    """How a field's value is written, and the type of its column."""

    IDENTIFIER = "identifier"  # a non-empty string
    TEXT = "text"  # a string
    ENUM = "enum"  # one of `Field.values`
    MONEY = "money"  # a decimal string or number, at most two decimals by value
    CURRENCY = "currency"  # the reporting currency of the deployment
    INTEGER = "integer"  # a number that is whole by value
    BOOLEAN = "boolean"
    TIME = "time"  # RFC 3339 with an offset
    TEXTS = "texts"  # an array of non-empty strings
    ORDER_LINES = "order_lines"  # an array of objects with the fields of ORDER_LINE


@dataclass(frozen=True)
class Field:
    """One field of an event's `data`."""

    name: str
    kind: Kind
    description: str
    required: bool = True
    values: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    is_person: bool = False
    reserved: tuple[str, ...] = ()

    def optional(self) -> Field:
        return replace(self, required=False)

    def as_required(self) -> Field:
        return replace(self, required=True)


@dataclass(frozen=True)
class EventType:
    """One event type; `key` identifies the record that the latest event replaces as a whole, and is empty for facts."""

    name: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return self.name.split(".")[0]

    @property
    def short_name(self) -> str:
        """The name without source and version: `shop.order_paid.v1` is `order_paid`."""
        return self.name.split(".")[1]


class Reason(StrEnum):
    """Why a line is quarantined. A line with several faults gets the first of this order."""

    LINE_TOO_LONG = "line_too_long"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NOT_CLOUDEVENTS = "not_cloudevents"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_ENUM = "bad_enum"
    RESERVED_ID = "reserved_id"
    BAD_TIME = "bad_time"
    PAST_TIME = "past_time"
    FUTURE_TIME = "future_time"
    OUT_OF_RANGE = "out_of_range"
    UNSUPPORTED_CURRENCY = "unsupported_currency"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"


class Fate(StrEnum):
    """What became of a line. `read` and `unreadable` mark a whole file, as its line 0: read to the end, or given up."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    READ = "read"
    UNREADABLE = "unreadable"


class Withdrawal(StrEnum):
    """How an operator has taken lines out: all lines of a file, or all copies of an event."""

    FILE = "file"
    EVENT = "event"


def _id(name: str, description: str, *, person: bool = False) -> Field:
    return Field(name, Kind.IDENTIFIER, description, is_person=person)


def _text(name: str, description: str) -> Field:
    return Field(name, Kind.TEXT, description)


def _enum(name: str, description: str, *values: str) -> Field:
    return Field(name, Kind.ENUM, description, values=values)


def _money(name: str, description: str) -> Field:
    return Field(name, Kind.MONEY, description, minimum=0)


def _integer(name: str, description: str, minimum: int = 0, maximum: int | None = None) -> Field:
    return Field(name, Kind.INTEGER, description, minimum=minimum, maximum=maximum)


def _boolean(name: str, description: str) -> Field:
    return Field(name, Kind.BOOLEAN, description)


merchant_id = replace(_id("merchant_id", "The merchant: the tenant that owns the row."), reserved=(TOTAL,))
user_id = _id("user_id", "The person who acts.", person=True)
product_id = _id("product_id", "A product of the merchant.")
order_id = _id("order_id", "The order, unique within its merchant.")
team_id = _id("team_id", "The team purchase, unique on the platform.")
group_id = _id("group_id", "The chat group, unique on the platform.")
live_id = _id("live_id", "The live stream, unique on the platform.")
share_id = _id("share_id", "The share, unique within its merchant.")
via_share_id = _id("via_share_id", "The share that led here.").optional()
campaign_id = _id("campaign_id", "The campaign it belongs to.").optional()
rep_id = _id("rep_id", "The representative of the merchant who did it.").optional()
script = _text("script", "The script used.").optional()
script_step = _integer("script_step", "Step of the script, from 1.", 1).optional()
inviter_id = _id("inviter_id", "The person who invited.", person=True)
host_id = _id("host_id", "The person who hosts the live stream.", person=True)
region = _id("region", "ISO 3166-2 code, taken as it comes.").optional()
city_tier = _integer("city_tier", "Tier of the city, 1 (largest) to 5.", 1, 5).optional()
category = _text("category", "Category, taken as it comes.").optional()
title = _text("title", "Title.").optional()
channel = _text("channel", "The channel it came through.").optional()
amount = _money("amount", "Amount in the reporting currency.")
currency = Field("currency", Kind.CURRENCY, "ISO 4217 code; must be the deployment's reporting currency.")
object_id = _id("object_id", "The object.")
expires_at = Field("expires_at", Kind.TIME, "When the team ends unless it has formed; may lie in the future.")

ORDER_LINE = (
    product_id,
    _integer("quantity", "Pieces.", 1),
    _money("unit_price", "Price of one piece in the reporting currency."),
)
order_lines = Field("lines", Kind.ORDER_LINES, "What was bought: an array of {product_id, quantity, unit_price}.").optional()


def _shop() -> Iterable[EventType]:
    yield EventType(
        "shop.merchant_onboarded.v1",
        "A merchant joins the platform, or its record changes.",
        (
            merchant_id,
            _text("name", "Name of the merchant."),
            category,
            region,
            city_tier,
            _text("plan", "Plan the merchant pays for.").optional(),
            _id("account_manager", "Who looks after the merchant.").optional(),
        ),
        key=("merchant_id",),
    )
    yield EventType(
        "shop.merchant_active.v1",
        "Somebody at the merchant uses the platform.",
        (
            merchant_id,
            _enum("action", "What they did.", "login", "feature_used", "support_ticket"),
            _text("feature", "The feature that was used.").optional(),
        ),
    )
    yield EventType(
        "shop.merchant_lead.v1",
        "A step of a merchant that may join.",
        (
            _id("lead_id", "The lead."),
            _enum("stage", "Stage of the lead.", "ad_click", "contacted", "called", "contracted", "live"),
            channel,
            merchant_id.optional(),
        ),
    )
    yield EventType(
        "shop.product_listed.v1",
        "A product is listed, or its record changes.",
        (
            merchant_id,
            product_id,
            title,
            category,
            _money("list_price", "List price in the reporting currency."),
            _money("cost", "Cost of one piece in the reporting currency.").optional(),
            _money("market_price", "Price elsewhere in the reporting currency.").optional(),
            _text("copy_text", "Wording of the offer.").optional(),
            _money("promo_price", "Money asked now; without it there is no promotion.").optional(),
            _integer("purchase_limit", "Units that a person may buy.", 1).optional(),
        ),
        key=("merchant_id", "product_id"),
    )
    yield EventType(
        "shop.user_registered.v1",
        "A person registers, or their record changes.",
        (
            user_id,
            region,
            city_tier,
            _text("gender", "Gender as given.").optional(),
            _integer("birth_year", "Year of birth.", 1900, 2100).optional(),
            _text("display_name", "Name that the person chose to be seen by.").optional(),
            _id("device_id", "Device of the registration.").optional(),
            channel,
        ),
        key=("user_id",),
    )
    for verb, what in (("followed", "A person follows"), ("unfollowed", "A person unfollows"), ("blocked", "A person blocks")):
        fields = (merchant_id, user_id, channel, via_share_id, *((rep_id,) if verb == "followed" else ()))
        yield EventType(f"shop.fan_{verb}.v1", f"{what} the merchant.", fields)
    yield EventType(
        "shop.page_viewed.v1",
        "A person views a page of the merchant.",
        (
            merchant_id,
            user_id,
            _text("object_type", "Kind of the object viewed."),
            object_id,
            _id("session_id", "Visit.").optional(),
            _integer("dwell_ms", "Time on the page in milliseconds.").optional(),
            via_share_id,
            campaign_id,
        ),
    )
    yield EventType(
        "shop.share_created.v1",
        "A person shares an object of the merchant.",
        (
            merchant_id,
            share_id,
            user_id,
            _enum("object_type", "Kind of the object shared.", "product", "team", "live", "page", "red_packet"),
            object_id,
            _enum("channel", "Where it was shared.", "group", "moments", "direct", "public"),
            group_id.optional(),
            _id("parent_share_id", "The share that the sharer came by.").optional(),
            campaign_id,
            _boolean("is_rewarded", "Whether a reward was promised for it.").optional(),
        ),
    )
    yield EventType("shop.share_opened.v1", "A person opens a share.", (merchant_id, share_id, user_id))
    yield EventType(
        "shop.order_paid.v1",
        "A person pays an order.",
        (
            merchant_id,
            order_id,
            user_id,
            amount,
            currency,
            order_lines,
            region,
            via_share_id,
            team_id.optional(),
            live_id.optional(),
            _id("coupon_id", "The coupon used.").optional(),
            campaign_id,
            _boolean("recipient_is_self", "Whether the buyer receives the goods.").optional(),
            _id("pay_account_id", "Pseudonym of the account that paid.").optional(),
            _id("address_id", "Pseudonym of the address that it goes to.").optional(),
        ),
    )
    yield EventType(
        "shop.order_refunded.v1",
        "An order is refunded, in part or whole.",
        (merchant_id, order_id, _id("refund_id", "The refund, unique within its merchant."), amount, currency),
    )
    yield EventType(
        "shop.coupon_claimed.v1",
        "A person claims a coupon.",
        (merchant_id, user_id, _id("coupon_id", "The coupon."), amount.optional(), campaign_id),
    )
    for verb in ("sent", "claimed"):
        yield EventType(
            f"shop.red_packet_{verb}.v1",
            f"A red packet is {verb}.",
            (merchant_id, _id("packet_id", "The red packet."), user_id, amount, campaign_id),
        )
    yield EventType(
        "shop.invite_accepted.v1",
        "A person joins by another's invitation.",
        (merchant_id, inviter_id, user_id),
    )
    yield EventType(
        "shop.commission_accrued.v1",
        "A commission is owed to a person.",
        (
            merchant_id,
            order_id.optional(),
            _id("beneficiary_id", "The person who earns it.", person=True),
            _integer("level", "Level of distribution, 1 is direct.", 1),
            amount,
            _enum("basis", "What it is paid for.", "sale", "headcount"),
        ),
    )
    yield EventType(
        "shop.spend_recorded.v1",
        "Money spent on marketing.",
        (
            merchant_id.optional(),
            campaign_id,
            _text("channel", "Where it was spent."),
            amount,
            _id("live_id", "The live stream that it is to fill.").optional(),
            _id("share_id", "The seed share that was bought.").optional(),
        ),
    )
    for verb in ("shown", "clicked"):
        yield EventType(
            f"shop.impression_{verb}.v1",
            f"A recommended item is {verb}.",
            (
                merchant_id,
                user_id,
                _text("surface", "Where it appeared."),
                _id("request_id", "The request it answered."),
                _id("item_id", "The item."),
                _text("variant", "Variant of the experiment.").optional(),
                _integer("rank", "Position, from 0 or 1 as the surface counts.").optional(),
                campaign_id,
                _id("item_merchant_id", "The merchant whose item it is; the merchant's own where it is missing.").optional(),
            ),
        )
    yield EventType(
        "shop.outreach_made.v1",
        "Somebody or something reaches out to a fan.",
        (
            merchant_id,
            user_id,
            _enum("kind", "How.", "ai_call", "call", "message"),
            _enum("result", "How it ended.", "accepted", "refused", "no_answer"),
            script,
            campaign_id,
            rep_id,
            channel,
            _id("live_id", "The live stream that it invites to.").optional(),
            _boolean("is_opt_out", "Whether the person wants to hear no more.").optional(),
            script_step,
        ),
    )
    yield EventType(
        "shop.direct_message.v1",
        "A message between a representative of the merchant and a person.",
        (merchant_id, user_id, _enum("direction", "To the merchant or from it.", "in", "out"), rep_id, script, script_step),
    )
    yield EventType(
        "shop.campaign_planned.v1",
        "A campaign is planned, or its plan changes.",
        (
            merchant_id,
            campaign_id.as_required(),
            Field("starts_at", Kind.TIME, "When it begins; may lie in the future."),
            Field("ends_at", Kind.TIME, "When it is over; may lie in the future."),
            title,
            _money("budget", "Money that may be spent, in the reporting currency.").optional(),
            _integer("target_orders", "Orders that it is to bring.").optional(),
            _money("target_revenue", "Net revenue that it is to bring, in the reporting currency.").optional(),
            Field("steps", Kind.TEXTS, "Event types without version that are to be seen, such as shop.page_viewed.").optional(),
        ),
        key=("merchant_id", "campaign_id"),
    )
    yield EventType(
        "shop.campaign_assigned.v1",
        "A person is assigned to an arm of a campaign.",
        (merchant_id, campaign_id.as_required(), user_id, _id("variant", "The arm; control is left alone.")),
    )
    yield EventType(
        "shop.partnership_recorded.v1",
        "The merchant may show a partner's items; the business date of valid_from names the record.",
        (
            merchant_id,
            _id("partner_id", "The merchant whose items may be shown."),
            Field("valid_from", Kind.TIME, "From the business date of this; may lie in the future."),
            Field("valid_to", Kind.TIME, "To the business date of this, included; open where it is missing.").optional(),
        ),
        key=("merchant_id", "partner_id", "valid_from"),
    )
    yield EventType(
        "shop.risk_case_recorded.v1",
        "A step of a case of the platform's risk team.",
        (
            _id("case_id", "The case, unique on the platform."),
            merchant_id,
            _enum("step", "What was done.", "opened", "contacted", "fixed", "dismissed", "sanctioned"),
            _enum("rule", "The rule that was broken.", *RISK_RULES).optional(),
            _id("user_id", "The account that the case is against.", person=True).optional(),
            _enum("sanction", "For how long the subject is barred.", "1d", "7d", "15d", "permanent").optional(),
        ),
    )
    yield EventType(
        "shop.success_call.v1",
        "An account manager has called a merchant of the list of calls; its time is that of the call.",
        (
            merchant_id,
            _id("manager", "The account manager who called."),
            _enum("result", "How it ended.", "no_answer", "talked", "step_agreed", "call_later", "declined", "leaving"),
            Field("listed_on", Kind.TIME, "Start of the business day whose list named the merchant.").optional(),
            _id("step", "The step that the list suggested: stage and topic of the playbook with a point between.").optional(),
            Field("next_on", Kind.TIME, "Start of the business day of the next call; may lie in the future.").optional(),
            _text("note", "What the manager wrote down.").optional(),
        ),
    )
    yield EventType(ERASURE_REQUEST, "A person asks to be forgotten.", (user_id,))


def _group() -> Iterable[EventType]:
    yield EventType(
        "group.chat_created.v1",
        "A chat group is created, or its record changes.",
        (
            group_id,
            _id("owner_id", "The person who owns the group.", person=True),
            merchant_id.optional(),
            _enum("kind", "What the group is for.", "product", "interest", "knowledge", "resource", "marketing").optional(),
            _enum(
                "driver", "What holds it together.", "interest", "relationship", "region", "event", "benefit", "honour"
            ).optional(),
        ),
        key=("group_id",),
    )
    yield EventType("group.member_joined.v1", "A person joins a chat group.", (group_id, user_id, inviter_id.optional()))
    yield EventType("group.member_left.v1", "A person leaves a chat group.", (group_id, user_id, inviter_id.optional()))
    yield EventType(
        "group.message_posted.v1",
        "A message in a chat group.",
        (
            group_id,
            user_id,
            _enum("role", "Role of the writer.", "owner", "staff", "member").optional(),
            _boolean("is_broadcast", "Whether it went to many groups at once.").optional(),
            _text("text_hash", "Hash of the text.").optional(),
            _id("message_id", "The message, unique in its group.").optional(),
            _id("reply_to_message_id", "The message of the group that it answers.").optional(),
        ),
    )
    yield EventType("group.chat_dissolved.v1", "A chat group is dissolved.", (group_id,))
    yield EventType(
        "group.team_opened.v1",
        "A leader opens a team purchase.",
        (
            merchant_id,
            team_id,
            _id("leader_id", "The person who opens the team.", person=True),
            product_id,
            _integer("size_required", "People needed, the leader among them.", 2),
            expires_at,
            region,
            _money("price", "Team price in the reporting currency.").optional(),
            _enum("benefit_side", "Who gets the benefit.", "leader", "member", "both").optional(),
            _enum("goal", "What the offer is for.", "new_users", "promotion", "clearance").optional(),
            via_share_id,
        ),
    )
    yield EventType("group.team_joined.v1", "A person joins a team.", (team_id, user_id, via_share_id))
    yield EventType("group.team_left.v1", "A person leaves a team.", (team_id, user_id, via_share_id))
    yield EventType(
        "group.team_formed.v1",
        "A team is complete.",
        (team_id, _integer("auto_filled", "Seats filled by the platform; 0 where it is missing.").optional()),
    )
    yield EventType("group.team_expired.v1", "A team ended without being complete.", (team_id,))


def _stream() -> Iterable[EventType]:
    for verb in ("started", "ended"):
        yield EventType(
            f"stream.live_{verb}.v1", f"A live stream has {verb}.", (live_id, merchant_id, host_id.optional(), title)
        )
    yield EventType("stream.live_reserved.v1", "A person reserves a seat for a live stream.", (live_id, user_id, channel))
    replay = _boolean("is_replay", "Whether it was the recording.").optional()
    segment = _id("product_id", "The product whose segment of the recording is watched.").optional()
    for verb in ("joined", "left"):
        yield EventType(
            f"stream.viewer_{verb}.v1",
            f"A viewer has {verb}.",
            (live_id, user_id, replay, via_share_id, channel, *((segment,) if verb == "joined" else ())),
        )
    yield EventType(
        "stream.interaction.v1",
        "A viewer does something.",
        (
            live_id,
            user_id,
            _enum("kind", "What.", "comment", "like", "coupon", "red_packet", "mic", "product_click", "follow_host"),
            product_id.optional(),
        ),
    )
    yield EventType(
        "stream.product_pushed.v1",
        "The host shows a product or drops a benefit.",
        (live_id, product_id, _enum("action", "What.", "pinned", "unpinned", "coupon_dropped", "red_packet_dropped")),
    )


EVENT_TYPES: dict[str, EventType] = {event.name: event for event in (*_shop(), *_group(), *_stream())}


def person_fields(events: Iterable[EventType]) -> tuple[str, ...]:
    """Names of the fields that hold a person, in whatever event they occur; the acting person comes first."""
    return tuple(dict.fromkeys([user_id.name, *(field.name for event in events for field in event.fields if field.is_person)]))


PERSON_FIELDS = person_fields(EVENT_TYPES.values())  # erasure relies on them


def event_types(source: str) -> tuple[EventType, ...]:
    """The event types that a source's folder may hold, in the order of their declaration."""
    return tuple(event for event in EVENT_TYPES.values() if event.source == source)


def source_fields(source: str) -> dict[str, Field]:
    """Every field of a source by name, once: the data columns of its lake table.

    Raises:
        ValueError: two event types of the source declare one name with different kinds, so they cannot share a column.
    """
    fields: dict[str, Field] = {}
    for event in event_types(source):
        for field in event.fields:
            known = fields.setdefault(field.name, field)
            if COLUMN_KINDS[known.kind] != COLUMN_KINDS[field.kind]:
                raise ValueError(f"{event.name}: {field.name} is {field.kind}, elsewhere in {source} it is {known.kind}")
    return fields


# Kinds that share a column type; the names are the lake's (Spark SQL) types.
COLUMN_KINDS: dict[Kind, str] = {
    Kind.IDENTIFIER: "string",
    Kind.TEXT: "string",
    Kind.ENUM: "string",
    Kind.CURRENCY: "string",
    Kind.MONEY: "decimal(18,2)",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamp",
    Kind.TEXTS: "array<string>",
    Kind.ORDER_LINES: "array<struct<product_id:string,quantity:bigint,unit_price:decimal(18,2)>>",
}
# Those whose columns have another type in DuckDB than in Spark.
_WAREHOUSE_KINDS = {
    **dict.fromkeys((Kind.IDENTIFIER, Kind.TEXT, Kind.ENUM, Kind.CURRENCY), "varchar"),
    Kind.TIME: "timestamptz",
    Kind.TEXTS: "varchar[]",
    Kind.ORDER_LINES: "struct(product_id varchar, quantity bigint, unit_price decimal(18,2))[]",
}


def warehouse_type(kind: Kind) -> str:
    """The type of a field's column as DuckDB reads it from the lake."""
    return _WAREHOUSE_KINDS.get(kind, COLUMN_KINDS[kind])
