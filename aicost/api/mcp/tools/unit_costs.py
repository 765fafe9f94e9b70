"""unit_costs: what one inference, one success, a million tokens or one outcome costs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, plain_rounded
from aicost.api.mcp.when import read_period
from attribution.reports import run
from attribution.reports.spec import Answer
from attribution.reports.unit_cost import UNITS

WORDS = {"million_tokens": "a million tokens", "audio_minute": "a minute of audio",
         "million_characters": "a million characters"}  # fmt: skip
MONEY = ("marginal_cost", "idle_cost", "loaded_cost", "training_cost", "other_cost")
NAMED_MAX = 3


class Arguments(base.Arguments):
    period: base.Period
    per: Literal[tuple(UNITS)] = Field("inference", description="The unit that is priced.")
    group_by: base.GroupBy = Field(default_factory=lambda: ["model"])
    filters: base.Filters = Field(default_factory=dict)
    granularity: Literal["total", "day", "week", "month", "quarter"] = "total"
    spread_idle: bool = Field(False, description="Load idle capacity without an owner as well.")
    spread_shared: bool = Field(False, description="Load tax, support and fees as well.")
    currency: base.Currency = ""
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    spec = asking.spec_of(
        caller, "unit_cost", read_period(asked.period, caller.calendar), asked.group_by,
        asked.filters, granularity=asked.granularity, in_currency=asked.currency,
        idle="spread" if asked.spread_idle else "shown",
        shared="spread" if asked.spread_shared else "shown",
    )  # fmt: skip
    found = run(spec)
    asking.check_steps(found.rows)
    whole = run(replace(spec, group_by=(), granularity="total"))
    marginal, loaded = (f"{kind}_cost_per_{asked.per}" for kind in ("marginal", "loaded"))
    counted = UNITS[asked.per][0]
    step = ("period",) if spec.granularity != "total" else ()
    money = MONEY if not step else ("loaded_cost",)
    own = () if found.currency else ("currency",)
    known = tuple(name for name in money if any(row[name] for row in found.rows))
    columns = (*step, *spec.group_by, *own, counted, marginal, loaded, *known)
    return Said(
        _sentence(found, whole.rows, () if step else spec.group_by, loaded, counted, asked.per),
        found,
        links.page("unit_economics", replace(spec, granularity="total")),
        columns,
        found.rows,
        asked.rows_max if not step else max(asked.rows_max, base.ROWS_MAX),
        folds=(counted, *known),
        total=[{name: row[name] for name in ("currency", counted, marginal, loaded, *known)}
               for row in whole.rows],
        notes=(
            "marginal: active inference alone; loaded: with the own idle; training is in neither",
            "null is unknown: nothing counts these, or nothing of it was counted",
            *asking.missing_rates(found),
            *asking.scope_note(caller),
        ),
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN) if not step else 16_000,
        names=spec.group_by,
        exact=not step,
    )  # fmt: skip


def _sentence(
    found: Answer, whole: list[dict], groups: tuple, loaded: str, counted: str, per: str
) -> str:
    unit, span = WORDS.get(per, f"one {per}"), asking.in_words(found.spec.period)
    of = asking.of_whom(found.spec)
    priced = [row for row in whole if row[loaded] is not None]
    if not priced:
        return f"Nobody knows what {unit}{of} cost in {span}: there is no money, or no {counted}."
    told = " and ".join(_each(row, loaded) for row in priced)
    counts = f"{priced[0][counted]:,} {counted.replace('_', ' ')}"
    dear = [row for row in found.rows if row[loaded] is not None]
    dear.sort(key=lambda row: -row[loaded])
    most = "; ".join(
        f"{', '.join(str(row[name]) or 'not set' for name in groups)} {_each(row, loaded)}"
        for row in dear[:NAMED_MAX]
    )
    state = asking.state_of(found)
    text = f"{unit.capitalize()}{of} cost {told} loaded in {span}, over {counts} ({state})."
    return f"{text} Dearest: {most}." if groups and most else text


def _each(row: Mapping, loaded: str) -> str:
    return f"{plain_rounded(row[loaded], loaded)} {row['currency']}"


TOOL = base.Tool(
    "unit_costs",
    "What one unit costs",
    "What one inference (a request answered by a model), one success, a million tokens, one "
    "business outcome, image or audio minute cost, marginal and loaded with its own idle, by "
    "model, feature, team, customer-facing product and others, with money and count in the row. "
    "Use it for 'cost per inference', 'cost per 1M tokens', 'which model is dearest per call'.",
    Arguments,
    answer,
)
