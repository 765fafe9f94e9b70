"""The OpenAPI words of operations: parameters, answers and problems, from what `operation` told."""

from collections.abc import Mapping, Sequence

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes

from aicost.api.rest.given import VALUE_CHARS_MAX, Param, described

TEXT = {"type": "string"}
DAY = {"type": "string", "format": "date"}
TIME = {"type": "string", "format": "date-time"}
WHOLE = {"type": "integer"}
YES_NO = {"type": "boolean"}
DECIMAL = {
    "type": "string",
    "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
    "description": "An exact decimal, without exponent.",
}
CELL = {"type": ["string", "integer", "number", "boolean", "null"]}
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same body, the work is not done again, and the answer is the "
    "same (`Idempotency-Replayed: true`). Kept for 30 days.",
)
KEY_NEEDED = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="A key of your own for this body. Sent again with the same body, nothing is "
    "counted twice.",
)


def maybe(schema: Mapping) -> dict:
    """The schema, or null: what is unknown, or not shown."""
    return {**schema, "type": [schema["type"], "null"]}


def listed(schema: Mapping) -> dict:
    return {"type": "array", "items": dict(schema)}


def of(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def thing(**properties: Mapping) -> dict:
    """An object of which all properties are always there."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


ROW = {"type": "object", "additionalProperties": CELL}
HAPPENED = thing(at=TIME, what=TEXT)
TRUST = {
    "currency": maybe(TEXT),
    "final": YES_NO,
    "state": {"type": "string", "enum": ["final", "estimate"]},
    "as_of": maybe(TIME),
    "residual": maybe(DECIMAL),
    "freshness": listed(of("Freshness")),
}
_OF_ALERT = ("severity", "kind", "level", "name", "title", "currency", "owner", "team", "incident",
             "told", "parent_id", "state", "estimate")  # fmt: skip
COMPONENTS: dict[str, dict] = {
    "Problem": thing(
        type=TEXT, title=TEXT, status=WHOLE, detail=TEXT, instance=TEXT, cure=TEXT
    ),
    "Freshness": thing(
        source=TEXT, kind=TEXT, through=maybe(DAY), final_through=maybe(DAY), loaded_at=maybe(TIME)
    ),
    "Column": thing(
        name=TEXT,
        kind={"type": "string", "enum": ["text", "day", "time", "count", "decimal", "measure"]},
    ),
    "ReportAnswer": thing(
        report=TEXT,
        title=TEXT,
        spec={"type": "object"},
        columns=listed(of("Column")),
        **TRUST,
        missing_rates=listed(thing(**{"month": TEXT, "from": TEXT, "to": TEXT})),
        read_at=TIME,
        tombstones=listed(DAY),
        rows=listed(ROW),
        next=maybe(TEXT),
        next_cursor=maybe(TEXT),
    ),
    "ReportDescribed": thing(
        name=TEXT,
        title=TEXT,
        url=TEXT,
        columns=listed(of("Column")),
        group_by=listed(TEXT),
        filters=listed(TEXT),
        granularities=listed(TEXT),
        pools=listed(TEXT),
        roles=maybe({"type": "array", "items": TEXT}),
        whole_company=YES_NO,
        in_currency=YES_NO,
        against=YES_NO,
        updated_since=YES_NO,
        compares=maybe(TEXT),
        allowed=YES_NO,
    ),
    "Dimension": thing(name=TEXT, title=TEXT, from_charges=YES_NO, url=maybe(TEXT)),
    "Value": thing(value=TEXT, currency=TEXT, cost=DECIMAL),
    "Budget": thing(
        budget_id=WHOLE,
        **dict.fromkeys(
            ("title", "filters", "amount", "currency", "period", "per", "per_count", "roll_over",
             "owner", "warn_percent", "alert_percent", "used_percents", "stop_on",
             "stop_unused_days", "stop_points", "stop_points_percent", "valid_from", "valid_to",
             "note"),
            TEXT,
        ),
    ),
    "Alert": thing(
        **dict.fromkeys(_OF_ALERT, CELL),
        alert_id=WHOLE,
        **dict.fromkeys(("onset", "last", "raised_on"), DAY),
        **dict.fromkeys(("expected", "actual", "excess", "percent", "monthly"), maybe(DECIMAL)),
        rule=TEXT,
        assigned_to=maybe(TEXT),
        acknowledged_by=maybe(TEXT),
        acknowledged_at=maybe(TIME),
        snoozed_until=maybe(DAY),
        events=listed(of("AlertEvent")),
    ),
    "AlertEvent": thing(at=TIME, what=TEXT, by=maybe(TEXT), text=TEXT),
    "Rule": thing(
        key=TEXT, version=WHOLE, title=TEXT, built_in=YES_NO, enabled=YES_NO, position=WHOLE,
        sources=listed(TEXT), conditions=listed({"type": "object"}), method=TEXT,
        assigns={"type": "object"}, then=TEXT, fallback={"type": "object"},
        options={"type": "object"}, valid_from=maybe(DAY), valid_to=maybe(DAY), note=TEXT,
        created_at=TIME, created_by=maybe(TEXT),
    ),
    "Source": thing(
        source_id=WHOLE, name=TEXT, kind=TEXT, connector=TEXT, enabled=YES_NO, state=TEXT,
        every_minutes=WHOLE, next_run_at=maybe(TIME), last_run_at=maybe(TIME), message=TEXT,
        loaded_at=maybe(TIME), settings={"type": "object"},
    ),
    "Announcement": thing(
        announcement_id=WHOLE, level=TEXT, name=TEXT, begins=DAY, ends=maybe(DAY), text=TEXT,
        by=maybe(TEXT), created_at=TIME,
    ),
    "Webhook": thing(
        webhook_id=WHOLE, address=TEXT, description=TEXT, types=listed(TEXT),
        teams=maybe(listed(TEXT)), enabled=YES_NO, off_why=TEXT, failing_since=maybe(TIME),
        old_secret_until=maybe(TIME), made_by=TEXT, made_at=TIME, secret=maybe(TEXT),
    ),
    "WebhookMessage": thing(
        message_id=WHOLE, webhook_message_id=TEXT, subject=TEXT, state=TEXT, tries=WHOLE,
        queued_at=TIME, next_try_at=maybe(TIME), settled_at=maybe(TIME), said=TEXT,
        answered=maybe(WHOLE),
    ),
    "Check": thing(ok=YES_NO, what=TEXT, cure=TEXT),
    "Upload": thing(
        upload_id=WHOLE, state=TEXT, progress=TEXT, error=TEXT, created_at=TIME,
        finished_at=maybe(TIME), results=listed({"type": "object"}),
    ),
    "Page": thing(next=maybe(TEXT), next_cursor=maybe(TEXT)),
}  # fmt: skip


def paged(name: str, rows: str) -> dict:
    """An answer of rows with a cursor."""
    return thing(**{rows: listed(of(name))}, next=maybe(TEXT), next_cursor=maybe(TEXT))


def operation(
    summary: str,
    params: Sequence[Param],
    filters: tuple[str, ...],
    body: object,
    answers: Mapping[int, object],
    says: str,
    *,
    key: OpenApiParameter | None = None,
    path: Mapping[str, Mapping] | None = None,
    **more,
) -> dict:
    """What `extend_schema` takes. Every problem is of one shape, so it is the default answer."""
    parameters = [
        OpenApiParameter(name, dict(schema), OpenApiParameter.PATH)
        for name, schema in (path or {}).items()
    ]
    parameters += described(params) + [_filter(name) for name in filters]
    if key is not None:
        parameters.append(key)
    responses: dict = {}
    for status, schema in answers.items():
        if isinstance(schema, dict) and "media" in schema:
            responses |= {(status, media): told for media, told in schema["media"].items()}
        else:
            responses[(status, "application/json")] = schema
    responses[("default", "application/problem+json")] = of("Problem")
    return {
        "summary": summary,
        "description": says or summary,
        "parameters": parameters,
        "request": body,
        "responses": responses,
        **more,
    }


def _filter(name: str) -> OpenApiParameter:
    return OpenApiParameter(
        f"filter[{name}]",
        {"type": "array", "items": {"type": "string", "maxLength": VALUE_CHARS_MAX},
         "maxItems": 50},
        OpenApiParameter.QUERY,
        description=f"Only this {name.replace('_', ' ')}; given again, any of them. Empty: not set."
        " `chat*` begins with it, `*chat*` holds it.",
        explode=True,
        style="form",
    )  # fmt: skip


FILE = {(200, "text/csv"): OpenApiTypes.STR}
