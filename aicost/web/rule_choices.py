"""What the editor of rules offers: fields and tags of the ledger, their values, known names."""

from collections.abc import Iterable

from django.db.models import CharField, Count, F, Func
from django.db.models.fields.json import KeyTextTransform

from aicost.kernel.targets import ACTIVITIES, KINDS, STATES, WORKLOAD
from aicost.web.tables import DESCRIBED
from attribution.models import Target
from attribution.ruling.fields import EXTRA, FIELDS, SERIES_FIELDS, TAG, YES_NO, NoField, field_of
from ingest.models import ChargeSeries, Source

OFFERED_MAX = 200
CONSTANT, CAPTURE, FIELD = "constant", "capture", "field"
# Where a target's name comes from: (prefix of the assign, in words)
FROM = (
    (CONSTANT, "always"),
    ("tag", "what this tag says"),
    (FIELD, "what this field says"),
    (CAPTURE, "what the pattern captures"),
)
# Fields that are worked out, by the column whose values stand for theirs.
_COLUMNS = {"account": ("sub_account_id", "billing_account_id"), "service": ("service_name",)}


class _Keys(Func):
    function = "jsonb_object_keys"
    set_returning = True
    output_field = CharField()


def fields() -> list[tuple[str, str]]:
    """(name, in words) of all that a condition can ask, tags and extras of the ledger with it."""
    told = [(f.name, f"{f.label}, {f.hint}" if f.hint else f.label) for f in FIELDS]
    tags = [(f"{TAG}{key}", "Tag") for key in keys("tags")]
    extras = [(f"{EXTRA}{key}", "Extra") for key in keys("extras")]
    return [*told[:12], *tags, *told[12:], *extras]


def keys(column: str) -> list[str]:
    """The keys that tags or extras of the ledger have."""
    found = ChargeSeries.objects.annotate(found=_Keys(F(column))).values_list("found", flat=True)
    return sorted(set(found.order_by().distinct()[:OFFERED_MAX]))


def values(name: str) -> list[str]:
    """The values of a field that most series have, the commonest first; [] of an unknown one."""
    try:
        field = field_of(name)
    except NoField:
        return []
    if field.kind == YES_NO:
        return ["yes", "no"]
    if name.startswith((TAG, EXTRA)):
        column, _, key = name.partition(":")
        text = KeyTextTransform(key, "tags" if column == "tag" else "extras")
        return _common(ChargeSeries.objects.annotate(found=text), "found")
    found = (
        _common(ChargeSeries.objects.all(), column)
        for column in _COLUMNS.get(name, (name,) if name in SERIES_FIELDS else ())
    )
    return list(dict.fromkeys(text for texts in found for text in texts))[:OFFERED_MAX]


def names(dimension: str, source: str) -> list[str]:
    """What can stand beside a dimension: known names, tag keys or fields."""
    if source == "tag":
        return keys("tags")
    if source == FIELD:
        return [field.name for field in FIELDS]
    if source == CAPTURE:
        return []
    if dimension == "activity":
        return list(ACTIVITIES)
    if dimension not in Target._meta.get_fields() and not hasattr(Target, dimension):
        return []
    found = Target.objects.exclude(**{dimension: ""}).values_list(dimension, flat=True)
    return list(found.order_by(dimension).distinct()[:OFFERED_MAX])


def fallbacks() -> list[tuple[str, str]]:
    """(kind/state, in words) of all pools."""
    return [
        (f"{kind}/{state}", f"{DESCRIBED[kind]}, {DESCRIBED[state].lower()}")
        for kind in KINDS
        if kind != WORKLOAD
        for state in STATES[kind]
    ]


def bill_sources() -> list[str]:
    return list(Source.objects.filter(kind="bill").order_by("name").values_list("name", flat=True))


def _common(series, column: str) -> list[str]:
    found: Iterable = (
        series.values_list(column).annotate(series=Count("id")).order_by("-series", column)
    )
    return [str(value) for value, _ in found[:OFFERED_MAX] if value not in (None, "")]
