"""What a condition can ask of a charge series: its columns, tags, extras, and what we see in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
import json
from typing import NoReturn

from attribution.classify import Seen, fold, look, owns, principal
from attribution.side_meters import endpoint_of
from ingest.models import ChargeSeries
from ingest.sources.job_names import training_job

TAG, EXTRA = "tag:", "extra:"
TEXT, YES_NO, SET = KINDS = ("text", "yes_no", "set")
SERIES_FIELDS = tuple(
    field.attname for field in ChargeSeries._meta.fields if field.name != "sha256"
)


@dataclass(frozen=True)
class Field:
    """One field of a series. `kind`: text; yes_no ("yes" or "no"); set (exists or absent)."""

    name: str
    label: str
    kind: str = TEXT
    hint: str = ""


# In the order in which forms offer them: what people ask for most comes first.
FIELDS = (
    Field("account", "Account", hint="sub-account, else billing account"),
    Field("sub_account_name", "Account name"),
    Field("service", "Service", hint="name and code"),
    Field("resource_id", "Resource"),
    Field("resource_name", "Resource name"),
    Field("resource_type", "Resource type"),
    Field("region_id", "Region"),
    Field("charge_category", "Charge category", hint="Usage, Purchase, Tax, Credit, Adjustment"),
    Field("sku_meter", "Meter", hint="what the SKU measures, such as BoxUsage:g5.xlarge"),
    Field("charge_description", "Description"),
    Field("owner", "Has an owner's tag", YES_NO),
    Field("tags", "Any tag", SET),
    Field("api_model", "Model of a model API", hint="as the meter names it"),
    Field("ai", "Is AI", YES_NO),
    Field("provisioned", "Is provisioned throughput", YES_NO),
    Field("network", "Is transfer, a gateway or an address", YES_NO),
    Field("bucket", "Bucket", hint="of charges for the bytes in it"),
    Field("endpoint", "Serving endpoint", hint="by the resource's name, or the tag workload"),
    Field("instance_time", "Is time of an instance", YES_NO),
    Field("instance_type", "Instance type"),
    Field("training_job", "Training job", hint="of a managed training job"),
    Field("training_experiment", "Training experiment", hint="what its runs have in common"),
    Field("iam_role", "Role of the caller", hint="on bills of AWS"),
    Field("iam_session", "Session of the caller", hint="on bills of AWS"),
    Field("marketplace", "From a marketplace", YES_NO),
    Field("provider", "Provider"),
    Field("publisher", "Publisher"),
    Field("invoice_issuer", "Invoice issuer"),
    Field("billing_account_id", "Billing account"),
    Field("sub_account_id", "Sub-account"),
    Field("service_category", "Service category"),
    Field("service_subcategory", "Service subcategory"),
    Field("service_name", "Service name"),
    Field("service_code", "Service code"),
    Field("sku_id", "SKU"),
    Field("operation", "Operation"),
    Field("availability_zone", "Zone"),
    Field("charge_class", "Charge class", hint="Correction, or empty"),
    Field("charge_frequency", "Charge frequency"),
    Field("pricing_category", "Pricing category"),
    Field("commitment_discount_id", "Commitment"),
    Field("commitment_discount_status", "Commitment status", hint="Used or Unused"),
    Field("billing_currency", "Currency"),
    Field("pricing_unit", "Pricing unit"),
    Field("consumed_unit", "Consumed unit"),
)
BY_NAME = {field.name: field for field in FIELDS}


class NoField(ValueError):
    """There is no such field; the message says what there is."""


def field_of(name: str) -> Field:
    """The field of a name; `tag:KEY` and `extra:KEY` of any key. Raises `NoField`."""
    for prefix, label in ((TAG, "Tag"), (EXTRA, "Extra")):
        if name.startswith(prefix) and name.removeprefix(prefix).strip():
            return Field(name, f"{label} {name.removeprefix(prefix)}")
    if name in BY_NAME:
        return BY_NAME[name]
    raise NoField(f"{name!r} is no field of a series")


def series_of(cursor) -> Iterator[dict]:
    """The rows of an executed query, `tags` and `extras` as dicts: to be asked, not changed."""
    names = [column.name for column in cursor.description]
    for row in cursor.fetchall():
        told = dict(zip(names, row, strict=True))
        told["tags"], told["extras"] = _loaded(told["tags"]), _loaded(told["extras"])
        yield told


@lru_cache(50_000)
def _loaded(text: str) -> dict:
    return json.loads(text)


class Subject:
    """One series as rules ask it; each thing is worked out when it is first asked for."""

    __slots__ = ("_seen", "series")

    def __init__(self, series: dict) -> None:
        self.series = series
        self._seen: Seen | None = None

    @property
    def seen(self) -> Seen:
        if self._seen is None:
            self._seen = look(self.series)
        return self._seen

    def value(self, name: str) -> str:
        """The text of a field, '' where the series has none. Raises `NoField`."""
        return reader(name)(self)


@lru_cache(10_000)
def reader(name: str) -> Callable[[Subject], str]:
    """What reads a field of a `Subject`; what there is no such field of raises `NoField`."""
    if name in _COMPUTED:
        return _COMPUTED[name]
    if name.startswith(TAG):
        wanted = fold(name.removeprefix(TAG))
        return lambda subject: _tag(subject.series["tags"] or {}, wanted)
    if name.startswith(EXTRA):
        key = name.removeprefix(EXTRA)
        return lambda subject: str((subject.series["extras"] or {}).get(key, "") or "")
    if name in SERIES_FIELDS:
        return lambda subject: _text(subject.series[name])
    return lambda subject: _no_field(name)


def columns_of(name: str) -> tuple[str, ...]:
    """The columns that a field's text is put together from; () where it is read otherwise."""
    if name in _COLUMNS_OF:
        return _COLUMNS_OF[name]
    plain = name in SERIES_FIELDS and name not in _COMPUTED and name != "extras"
    return (name,) if plain else ()


def _text(told: object) -> str:
    return "" if told is None else str(told)


def _tag(tags: dict, wanted: str) -> str:
    return next((str(v) for k, v in sorted(tags.items()) if fold(k) == wanted and v), "")


def _no_field(name: str) -> NoReturn:
    raise NoField(f"{name!r} is no field of a series; choose a column, tag:KEY or extra:KEY")


def _yes_no(known: bool) -> str:
    return "yes" if known else "no"


def _job(subject: Subject) -> str:
    job = training_job(subject.series["resource_id"])
    return job[1] if job else ""


def _experiment(subject: Subject) -> str:
    job = _job(subject)
    return subject.seen.own.get("experiment", job) if job else ""


def _endpoint(subject: Subject) -> str:
    found = endpoint_of(subject.series["resource_id"])
    return subject.seen.own.get("workload", found) if found else ""


def _service(subject: Subject) -> str:
    return f"{subject.series['service_name']} {subject.series['service_code']}".strip()


def _marketplace(subject: Subject) -> str:
    """Google names no marketplace, but that a third party sells."""
    told = str(subject.series["extras"] or {}).lower()
    return _yes_no("marketplace" in told or "third_party" in told)


_COMPUTED = {
    "account": lambda s: s.series["sub_account_id"] or s.series["billing_account_id"],
    "service": _service,
    "instance_time": lambda s: _yes_no(s.seen.instance_time),
    "api_model": lambda s: s.seen.api_model,
    "owner": lambda s: _yes_no(owns(s.seen.own)),
    "marketplace": _marketplace,
    "tags": lambda s: "yes" if s.series["tags"] else "",
    "ai": lambda s: _yes_no(s.seen.is_ai),
    "provisioned": lambda s: _yes_no(s.seen.provisioned),
    "network": lambda s: _yes_no(s.seen.network),
    "bucket": lambda s: s.seen.bucket,
    "endpoint": _endpoint,
    "iam_role": lambda s: principal(s.series)[0],
    "iam_session": lambda s: principal(s.series)[1],
    "training_job": _job,
    "training_experiment": _experiment,
}
# Those that say no more of a series than what is seen in it, and those put together from columns.
SEEN_FIELDS = frozenset(
    {"instance_time", "api_model", "owner", "ai", "provisioned", "network", "bucket"}
)
_COLUMNS_OF = {
    "account": ("sub_account_id", "billing_account_id"),
    "service": ("service_name", "service_code"),
}
