"""Models: every model with its cost and what one inference of it costs; and one model's page."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.accounts.scope import may_see_sources
from aicost.kernel.periods import Period
from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.estimated import met_the_bill
from aicost.web.names import target_url
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    against,
    cost_blocks,
    estimate_step,
    money_figure,
    moved,
    periods_of,
    start_of,
    twin,
    why_url,
)
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel, for_people, render_page
from aicost.web.units import Unit, per_thousand, unit_rows
from attribution.reports.spec import BadSpec

BY_MODEL, BY_VERSION = ("model",), ("model", "model_version")
WEEKS = 12
EVENTS_MAX = 10
ZERO = Decimal(0)
UNIT_FILTERS = ("model", "feature", "workload", "experiment", "team", "environment")


def list_lead(ask: Ask) -> dict:
    named = [u for u in unit_rows(ask, BY_MODEL) if u.name and u.loaded is not None]
    if not named:
        text = " Add calls and telemetry under Add data; a bill alone knows no models."
        return {
            "parts": [("No model has both calls and cost in this period.", True), (text, False)]
        }
    dear = max(named, key=lambda u: u.loaded)
    cheap = min(named, key=lambda u: u.loaded)
    parts = [
        (f"{len(named)} models answered calls. One thousand inferences cost ", False),
        (per_thousand(dear.loaded, dear.currency), True),
        (f" on {dear.name}", False),
    ]
    if cheap is not dear:
        parts += [(" and ", False), (per_thousand(cheap.loaded, cheap.currency), True)]
        parts.append((f" on {cheap.name}, with their own idle time", False))
    return {"parts": [*parts, (".", False)]}


def list_table(ask: Ask) -> dict:
    found = cost_blocks(ask, BY_MODEL)
    units = {(u.name, u.currency): u for u in unit_rows(ask, BY_MODEL)}
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, BY_MODEL, block.currency)
            line.unit = units.get((line.key[1], block.currency)) if line.line == "owned" else None
            if line.line == "owned":
                line.drill = model_url(ask, line.key[1])
                line.unit_why = _unit_why(ask, line.key[1], block.currency)
    unpaid = [u for u in units.values() if u.name and not u.currency]
    return {"blocks": found, "period": numbers.period(ask.period), "unpaid": unpaid}


def _unit_why(ask: Ask, name: str, currency: str) -> dict[str, str]:
    """Why one inference of a model costs what it does: kind -> address."""
    asked = {"figure": "unit_cost", "at": [("model", name)], "currency": currency}
    return {
        kind: address(ask, column=f"{kind}_cost_per_inference", **asked)
        for kind in ("marginal", "loaded")
    }


def model_url(ask: Ask, name: str) -> str:
    kept = {k: v for k, v in ask.view.filters.items() if k != "model"}
    query = ask.view.query(filters=kept)
    return reverse("model", args=[name]) + (f"?{query}" if query else "")


def name_of(ask: Ask) -> str:
    """The model the address names. Raises `BadSpec` when it names none."""
    named = ask.view.filters.get("model")
    if not named:
        raise BadSpec("model= is missing")
    return named[0]


def one(ask: Ask, **changes) -> Unit | None:
    """The unit cost of the page's model: the row that has money, else the one with calls."""
    rows = [u for u in unit_rows(ask, BY_MODEL, **changes) if u.name == name_of(ask)]
    return next((u for u in rows if u.currency), rows[0] if rows else None)


def lead(ask: Ask) -> dict:
    unit = one(ask)
    if unit is None:
        return {"parts": [("No cost and no call of this model in this period.", True)]}
    if unit.marginal is None:
        cause = "no call of it is known" if not unit.requests else "no cost of it is known"
        return {
            "parts": [("What one inference costs is unknown: ", False), (cause, True), (".", False)]
        }
    if unit.loaded == unit.marginal:
        return {
            "parts": [
                ("One thousand inferences cost ", False),
                (per_thousand(unit.marginal, unit.currency), True),
                ("; no idle time is kept for them.", False),
            ]
        }
    parts = [
        ("One thousand inferences cost ", False),
        (per_thousand(unit.marginal, unit.currency), True),
        (" to compute and ", False),
        (per_thousand(unit.loaded, unit.currency), True),
        (" with the idle time kept for them", False),
    ]
    if ask.view.shared == "spread":
        parts.append((" and their share of shared cost", False))
    return {"parts": [*parts, (".", False)]}


def key_figures(ask: Ask) -> dict:
    unit, final = one(ask), ask.report("cost").final
    if unit is None:
        return {"figures": [Figure("Marginal per 1k", "no data", word=True)]}
    marginal = _unit_figure("Marginal per 1k", unit, "marginal", ask, final)
    return {
        "figures": [
            replace(marginal, under=(*marginal.under, *met_the_bill(ask, name_of(ask)))),
            _unit_figure("Loaded per 1k", unit, "loaded", ask, final),
            _calls_figure(unit, ask),
            _latency_figure(unit, ask),
            money_figure(
                "Training",
                unit.row["training_cost"],
                unit.currency,
                final=final,
                why=address(ask, at=[("activity", "training")], currency=unit.currency),
                under=(*_training(unit, ask), ("", "own column, not in unit cost", False)),
            ),
        ]
    }


def _training(unit: Unit, ask: Ask) -> tuple:
    now, was = unit.row["training_cost"], unit.previous
    if now is None or was is None or was.row["training_cost"] is None:
        return ()
    return moved(ask, now, was.row["training_cost"], unit.currency)


def _unit_figure(name: str, unit: Unit, kind: str, ask: Ask, final: bool) -> Figure:
    value = getattr(unit, kind)
    if value is None:
        return Figure(name, numbers.UNKNOWN, word=True)
    under = []
    before = getattr(unit.previous, kind) if unit.previous else None
    if before:
        under.append((numbers.grown(value, before), against(ask), False))
    money = numbers.money(unit.row[f"{kind}_cost"], unit.currency, 0)
    idle = numbers.money(unit.row["idle_cost"], unit.currency, 0)
    text = f"{money} ÷ {numbers.short_count(unit.requests)}"
    if kind == "loaded":
        text = f"{idle} own idle in {money}"
    under.append(("", text, False))
    why = _unit_why(ask, unit.name, unit.currency)[kind]
    shown = per_thousand(value, unit.currency)
    return Figure(name, shown, under=tuple(under), final=final, why=why)


def _calls_figure(unit: Unit, ask: Ask) -> Figure:
    if unit.requests is None:
        return Figure("Inferences", numbers.UNKNOWN, word=True)
    under = [("", f"{numbers.count(unit.requests)} counted", False)]
    if unit.previous and unit.previous.requests:
        now, was = Decimal(unit.requests), Decimal(unit.previous.requests)
        under.insert(0, (numbers.grown(now, was), against(ask), False))
    return Figure("Inferences", numbers.short_count(unit.requests), under=tuple(under))


def _latency_figure(unit: Unit, ask: Ask) -> Figure:
    p50, p95 = unit.row["latency_p50_ms"], unit.row["latency_p95_ms"]
    if p95 is None:
        return Figure("Latency p95", numbers.UNKNOWN, word=True)
    return Figure("Latency p95", f"{p95:,.0f}", " ms", under=(("", f"p50 {p50:,.0f} ms", False),))


def _weeks(ask: Ask) -> tuple[list[dict], list[date]]:
    last = ask.period.end
    first = start_of(last - timedelta(days=1), "week") - timedelta(days=7 * (WEEKS - 1))
    span = Period(first, last)
    answer = ask.report("unit_cost", group_by=BY_MODEL, period=span, granularity="week")
    rows = [row for row in answer.rows if row["model"] == name_of(ask)]
    return rows, periods_of(span, "week")


def _series(rows: list[dict], column: str, scale: int = 1) -> dict[date, Decimal]:
    return {
        row["period"]: Decimal(str(row[column])) * scale for row in rows if row[column] is not None
    }


def _currency(rows: list[dict]) -> str:
    return next((row["currency"] for row in rows if row["currency"]), "")


_CHARTS = {
    "unit": ("Cost per 1k inferences", "Weekly. Dashed: with own idle.", "money",
             (("Marginal", "", "marginal_cost_per_inference", 1000, "solid"),
              ("Loaded", "", "loaded_cost_per_inference", 1000, "dash"))),
    "latency": ("Latency", "Milliseconds, weekly. Dashed: p95.", "ms",
                (("p50", "s-total", "latency_p50_ms", 1, "solid"),
                 ("p95", "s-shared", "latency_p95_ms", 1, "dash"))),
    "calls": ("Inferences", "Weekly. Hatched: may still change.", "count",
              (("Inferences", "", "requests", 1, "solid"),)),
}  # fmt: skip


def _short_week(ask: Ask) -> str:
    """What to know of the last step: a week that is not over looks like a fall."""
    start = start_of(ask.period.end - timedelta(days=1), "week")
    days = (ask.period.end - start).days
    return f" The last week has {numbers.plural(days, 'day')}." if days < 7 else ""


def _chart(kind: str):
    title, note, unit, columns = _CHARTS[kind]

    def layers(ask: Ask, rows: list[dict]) -> list[figures.Stack]:
        own = colour("model", name_of(ask))
        return [
            figures.Stack(name, swatch or own, _series(rows, column, scale), dash)
            for name, swatch, column, scale, dash in columns
        ]

    def build(ask: Ask) -> dict:
        rows, when = _weeks(ask)
        made = layers(ask, rows)
        if not any(x.values for x in made):
            return {"title": title, "empty": True}
        axis = figures.Axis("week", _currency(rows), unit)

        def write(value: Decimal | None) -> str:
            return numbers.UNKNOWN if value is None else figures.value_text(value, axis)

        return {
            "title": title,
            "note": note + _short_week(ask),
            "size": "low",
            "summary": f"{title}. {note}",
            "twin": twin(made, when, "week", write),
        }

    def figure(ask: Ask) -> dict:
        rows, when = _weeks(ask)
        axis = figures.Axis("week", _currency(rows), unit, estimate_from=estimate_step(ask, "week"))
        if unit == "count":
            return figures.stacked_bars(layers(ask, rows), when, axis)
        return figures.lines(layers(ask, rows), when, axis)

    return Panel(kind, "parts/small_chart.html", build, figure)


def versions(ask: Ask) -> dict:
    answer = ask.report("unit_cost", group_by=BY_VERSION)
    rows = [row for row in answer.rows if row["model"] == name_of(ask) and row["requests"]]
    calls = sum(row["requests"] for row in rows)
    listed = [
        {
            "name": row["model_version"] or "not told",
            "calls": row["requests"],
            "share": numbers.percent(Decimal(row["requests"]), Decimal(calls)),
            "unit": per_thousand(row["marginal_cost_per_inference"], row["currency"] or ""),
            "known": row["marginal_cost_per_inference"] is not None,
            "p95": row["latency_p95_ms"],
        }
        for row in sorted(rows, key=lambda row: -row["requests"])
    ]
    return {"versions": listed, "calls": calls, "period": numbers.period(ask.period)}


def failures(ask: Ask) -> dict:
    """What failed calls and retries cost, by feature: shares of money that stands above as well."""
    plain = {"idle": "shown", "shared": "shown", "granularity": "total"}
    found = ask.report("failed_work", group_by=("feature",), **plain).rows
    rows = [row for row in found if row["inference_cost"] is not None]
    listed = [
        {
            "feature": row["feature"] or "no feature",
            "cost": numbers.money(row["inference_cost"], row["currency"]),
            "failed": numbers.money(row["failed_calls_cost"], row["currency"]),
            "retries": numbers.money(row["retries_cost"], row["currency"]),
            "share": numbers.percent(row["failed_cost"], row["inference_cost"]),
            "basis": row["basis"],
        }
        for row in rows
    ]
    told = any(row["failed_cost"] is not None for row in rows)
    return {"rows": listed if told else [], "period": numbers.period(ask.period)}


def features(ask: Ask) -> dict:
    found = cost_blocks(ask, ("feature",))
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, ("feature",), block.currency)
    return {"blocks": found, "period": numbers.period(ask.period)}


def happened(ask: Ask) -> dict:
    """Deploys, commits, releases and notes that name the model, the newest first; for whoever
    sees all teams, since an event belongs to none."""
    if not may_see_sources(ask.user):
        return {"events": []}
    plain = {"filters": {"model": (name_of(ask),)}, "idle": "shown", "shared": "shown"}
    rows = ask.report("annotations", group_by=(), **plain).rows
    named = [row for row in rows if row["model"]]
    return {"events": named[::-1][:EVENTS_MAX], "more": max(len(named) - EVENTS_MAX, 0)}


MODELS = Page(
    slug="models",
    title="Models",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", list_lead),
        Panel("table", "parts/models_table.html", list_table),
        RESIDUAL,
    ),
    filters=UNIT_FILTERS,
)
MODEL = Page(
    slug="model",
    title="Model",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        *(_chart(kind) for kind in _CHARTS),
        Panel("versions", "parts/model_versions.html", versions),
        Panel("features", "parts/model_features.html", features),
        Panel("failures", "parts/model_failures.html", failures),
        Panel("happened", "parts/model_happened.html", happened),
        RESIDUAL,
    ),
    filters=UNIT_FILTERS,
    under="models",
)


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One model: the view's filters with this model in place of any other."""
    ask = ask_of(request)
    ask = ask.with_view(filters={**ask.view.filters, "model": (name,)})
    about = target_url(ask, "model", name)
    return render_page(request, MODEL, ask, heading=name, title=name, about=about)
