"""One model: what a call of it costs, how good it is for that, whom it serves, what changed."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.web import model_sheets, numbers
from aicost.web.ask import Ask
from aicost.web.model_charts import CHARTS, name_of, trends
from aicost.web.model_parts import (
    changes,
    failures,
    family,
    features,
    layers,
)
from aicost.web.model_quality import QUALITY
from aicost.web.names import target_url
from aicost.web.pages.models import BY_MODEL, UNIT_FILTERS, named_ask, unit_why
from aicost.web.parts import RESIDUAL, STAMP, Figure, against, money_figure, moved
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sorting import LINES
from aicost.web.units import Unit, per_thousand, unit_rows
from aicost.web.unknown import unknown
from attribution.entities.seen import is_seen


def one(ask: Ask, **changes) -> Unit | None:
    """The unit cost of the page's model: the row that has money, else the one with calls."""
    rows = [u for u in unit_rows(ask, BY_MODEL, **changes) if u.name == name_of(ask)]
    return next((u for u in rows if u.currency), rows[0] if rows else None)


def lead(ask: Ask) -> dict:
    unit = one(ask)
    if unit is None:
        return {"parts": [("No cost and no inference of this model in this period.", True)]}
    if unit.marginal is None:
        cause = "no call of it is known" if not unit.requests else "no cost of it is known"
        return {
            "parts": [("What one inference costs is unknown: ", False), (cause, True), (".", False)]
        }
    parts = [
        ("One thousand inferences cost ", False),
        (per_thousand(unit.marginal, unit.currency), True),
    ]
    if unit.loaded == unit.marginal:
        parts.append(("; no idle time is kept for them", False))
    else:
        parts += [
            (" to compute and ", False),
            (per_thousand(unit.loaded, unit.currency), True),
            (" with the idle time kept for them", False),
        ]
        if ask.view.shared == "spread":
            parts.append((" and their share of shared cost", False))
    return {"parts": [*parts, (".", False), *_moved(unit, ask)]}


def _moved(unit: Unit, ask: Ask) -> list[tuple[str, bool]]:
    """Whether unit cost and volume moved together or apart."""
    was = unit.previous
    if was is None or not was.marginal or not was.requests or not unit.requests:
        return []
    now, before = Decimal(unit.requests), Decimal(was.requests)
    cost = numbers.change_percent(unit.marginal, was.marginal).lstrip("+" + numbers.MINUS)
    calls = numbers.change_percent(now, before).lstrip("+" + numbers.MINUS)
    way = "dearer" if unit.marginal > was.marginal else "cheaper"
    grew = "grew" if now > before else "fell"
    since = numbers.period(ask.view.other)
    return [
        (f" Since {since} an inference got {cost} {way} while inferences {grew} by {calls}.", False)
    ]


def key_figures(ask: Ask) -> dict:
    unit, final = one(ask), ask.trust.final
    if unit is None:
        return {"figures": [Figure("Marginal per 1k", "no data", word=True)]}
    training = unit.row["training_cost"]
    return {
        "figures": [
            _unit_figure("Marginal per 1k", unit, "marginal", ask, final),
            _unit_figure("Loaded per 1k", unit, "loaded", ask, final),
            _calls_figure(unit, ask),
            _latency_figure(unit, ask),
            money_figure(
                "Training",
                training,
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
    if kind in unit.per_tokens:
        under.append((unit.per_tokens[kind], "per 1M tokens", False))
    why = unit_why(ask, unit.name, unit.currency)[kind]
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


MODEL = Page(
    slug="model",
    title="Model",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("trends", "parts/model_trends.html", trends, table=model_sheets.trends,
              title="Twelve weeks", lazy=True),
        *CHARTS,
        *QUALITY,
        Panel("features", "parts/model_features.html", features, table=model_sheets.features,
              title="Features", lazy=True, size="low", sorting=LINES),
        Panel("layers", "parts/model_layers.html", layers, table=model_sheets.layers,
              title="What it buys", lazy=True, size="low"),
        Panel("family", "parts/model_family.html", family, table=model_sheets.family,
              title="Models beside it", lazy=True, size="low"),
        Panel("failures", "parts/model_failures.html", failures, table=model_sheets.failures,
              title="Failed calls and retries", lazy=True, size="low"),
        Panel("changes", "parts/model_changes.html", changes, table=model_sheets.changes,
              title="What changed", lazy=True, size="low"),
        RESIDUAL,
    ),
    filters=UNIT_FILTERS,
    under="models",
    needs="model",
)  # fmt: skip


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One model: the view's filters with this model in place of any other."""
    ask = named_ask(request, name)
    if not is_seen(ask.asker, "model", name):
        return refuse(request, f"model {name}")
    if (answer := unknown(request, MODEL.scoped(ask), "model", name)) is not None:
        return answer
    about = target_url(ask, "model", name)
    return render_page(request, MODEL, ask, heading=name, title=name, about=about)
