"""What is said of one name, in words for its page: facts, business case, history."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F

from aicost.kernel.periods import Period, month_of, months_between
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.filters import label
from aicost.web.names import target_url
from attribution.entities.attributes import BY_NAME
from attribution.entities.hierarchy import cuts_between, names_on
from attribution.entities.naming import raws_of, spans_of
from attribution.entities.seen import names_seen
from attribution.models import Entity, EntityBudget, EntityChange, EntityParent
from attribution.reports.spec import SHOWN

ZERO = Decimal(0)
CHANGES_MAX = 50
EARLIEST = F("valid_from").asc(nulls_first=True)
PLANS = ("budgets", "business_case", "expected_value", "expected_currency")


@dataclass(frozen=True)
class Fact:
    """One line of what is said: a word, its values as (text, link)."""

    name: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Case:
    """Expected and told revenue of the view; None is nobody said."""

    expected: Decimal | None
    revenue: Decimal | None
    currency: str


def dated(text: str, start: date | None, end: date | None) -> str:
    """Shop, from 11 Sep 2026 / until 10 Sep 2026."""
    last = end and end - timedelta(days=1)
    if start and last:
        return f"{text}, {numbers.day_year(start)} to {numbers.day_year(last)}"
    if start:
        return f"{text}, from {numbers.day_year(start)}"
    return f"{text}, until {numbers.day_year(last)}" if last else text


def facts_of(ask: Ask, kind: str, name: str, entity: Entity | None, *, plans: bool) -> list[Fact]:
    """All that is said of the name; `plans` with its budgets and business case."""
    found = [*_details(entity)] if entity else []
    for row in EntityParent.objects.filter(dimension=kind, name=name).order_by("level", EARLIEST):
        text = dated(row.parent, row.valid_from, row.valid_to)
        found.append(Fact(label(row.level), ((text, target_url(ask, row.level, row.parent)),)))
    below = list(EntityParent.objects.filter(level=kind, parent=name).order_by("dimension", "name"))
    for one in sorted({row.dimension for row in below}):
        seen = names_seen(ask.asker, one)
        values = tuple(
            (dated(row.name, row.valid_from, row.valid_to), target_url(ask, one, row.name))
            for row in below
            if row.dimension == one and (seen is None or row.name in seen)
        )
        if values:
            found.append(Fact("Versions" if one == kind else f"{label(one)}s", values))
    found += _names(ask, kind, name)
    if plans:
        found += _plans(kind, name, entity)
    return _joined(found)


def _details(entity: Entity) -> list[Fact]:
    status = entity.status.capitalize()
    if entity.retired_on:
        status = f"{status} on {numbers.day_year(entity.retired_on)}"
    told = [("Owner", entity.owner or "nobody yet"), ("Status", status), ("Called", entity.title)]
    for key, value in entity.attributes.items():
        one = BY_NAME[key]
        unit = one.unit if one.unit in ("tokens", "months") else ""
        text = f"{int(value):,}" if str(value).isdigit() else str(value)
        told.append((one.title, f"{text} {unit}".strip()))
    told.append(("Note", entity.note))
    return [Fact(name, ((text, ""),)) for name, text in told if text]


def _names(ask: Ask, kind: str, name: str) -> list[Fact]:
    found = []
    for span in spans_of(kind, name):
        text = dated(span.value, span.start, span.end)
        found.append(Fact("Another name of", ((text, target_url(ask, kind, span.value)),)))
    for raw in raws_of(kind, name):
        for span in spans_of(kind, raw):
            if span.value == name:
                found.append(Fact("Also called", ((dated(raw, span.start, span.end), ""),)))
    return found


def _plans(kind: str, name: str, entity: Entity | None) -> list[Fact]:
    found = []
    for row in EntityBudget.objects.filter(dimension=kind, name=name).order_by(EARLIEST):
        amount = f"{numbers.money(row.amount, row.currency)} a {row.period}"
        found.append(Fact("Budget", ((dated(amount, row.valid_from, row.valid_to), ""),)))
    if entity and entity.business_case:
        found.append(Fact("Business case", ((entity.business_case, ""),)))
    if entity and entity.expected_value is not None:
        money = numbers.money(entity.expected_value, entity.expected_currency)
        found.append(Fact("Expected value", ((f"{money} a month", ""),)))
    return found


def _joined(found: list[Fact]) -> list[Fact]:
    """Facts of one name as one line."""
    lines: dict[str, tuple] = {}
    for fact in found:
        lines[fact.name] = (*lines.get(fact.name, ()), *fact.values)
    return [Fact(name, values) for name, values in lines.items()]


def case_of(ask: Ask, kind: str, name: str, entity: Entity | None) -> Case:
    """Expected value of the view's days (a month's share by days) and the revenue told of them.
    Raises NotAllowed for whoever may not see margin."""
    expected = None
    if entity and entity.expected_value is not None:
        expected = sum(
            (entity.expected_value * _days_in(ask.period, month) / month_of(month).length_days
             for month in months_between(ask.period.start, ask.period.end - timedelta(days=1))),
            ZERO,
        )  # fmt: skip
    revenue, currency = _revenue(ask, kind, name)
    if expected is not None and revenue is not None and currency != entity.expected_currency:
        expected = None
    return Case(expected, revenue, currency or (entity.expected_currency if entity else ""))


def _days_in(period: Period, month: date) -> int:
    whole = month_of(month)
    return (min(period.end, whole.end) - max(period.start, whole.start)).days


def _revenue(ask: Ask, kind: str, name: str) -> tuple[Decimal | None, str]:
    """Told revenue of the feature, or of the features that stand below the product on each day."""
    spans = [(ask.period, (name,))]
    if kind == "product":
        edges = cuts_between(("product",), ask.period.start, ask.period.end)
        bounds = [ask.period.start, *edges, ask.period.end]
        spans = [
            (Period(start, end), _features_of(name, start))
            for start, end in zip(bounds, bounds[1:], strict=False)
        ]
    found: dict[str, Decimal] = {}
    for period, features in spans:
        if not features:
            continue
        plain_view = {"idle": SHOWN, "shared": SHOWN, "granularity": "total"}
        rows = ask.report("margin", group_by=(), filters={"feature": features}, period=period,
                          **plain_view).rows  # fmt: skip
        for row in rows:
            if row["revenue"] is not None:
                found[row["currency"]] = found.get(row["currency"], ZERO) + row["revenue"]
    if not found:
        return None, ""
    currency = max(found, key=lambda one: found[one])
    return found[currency], currency


def _features_of(product: str, day: date) -> tuple[str, ...]:
    return tuple(sorted(one for one, above in names_on("product", day).items() if above == product))


def history_of(kind: str, name: str, *, plans: bool) -> list[dict]:
    """The last changes, the newest first: who, when, why, and each thing before and after."""
    rows = EntityChange.objects.filter(dimension=kind, name=name).select_related("by")
    found = []
    for one in rows.order_by("-id")[:CHANGES_MAX]:
        keys = [key for key in one.after if plans or key not in PLANS]
        said = [(_word(key), _shown(one.before.get(key)), _shown(one.after[key])) for key in keys]
        who = one.by.get_full_name() or one.by.username if one.by else "by command"
        if said:
            found.append({"at": one.at, "who": who, "why": one.reason, "said": said})
    return found


def _word(key: str) -> str:
    words = {"retired_on": "Retired on", "budgets": "Budget", "business_case": "Business case"}
    return words.get(key, label(key))


def _shown(value: object) -> str:
    """A value of the history as text: spans with their days, nothing as `not set`."""
    if isinstance(value, list):
        spans = [dated(one["is"], _day(one["from"]), _day(one["to"])) for one in value]
        return "; ".join(spans) or "not set"
    if isinstance(value, dict):
        return "; ".join(f"{name} {text}" for name, text in value.items()) or "not set"
    return "not set" if value in (None, "") else str(value)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
