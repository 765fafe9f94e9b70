"""Teams: what each costs and uses of its budget, and how well that is known; one team's page."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from operator import attrgetter

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.kernel.periods import month_start
from aicost.web import numbers, owned
from aicost.web.ask import Ask, ask_of
from aicost.web.budgeted import Held, held
from aicost.web.colours import colour
from aicost.web.exports import sheet_of_blocks
from aicost.web.names import last_day, may_see_plans, target_url
from aicost.web.owned import Cell
from aicost.web.owned import Column as Shown
from aicost.web.owned_page import Holder, named_page, parts_table
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    against,
    cost_blocks,
    money_figure,
    of_all,
    residual,
)
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sizes import is_large
from aicost.web.subject import facts, history
from aicost.web.tables import Block, Line, blocks
from aicost.web.units import units_now
from aicost.web.unknown import unknown
from aicost.web.weekly import LAYERS_PANEL, unit_panel
from attribution.entities.seen import is_seen
from attribution.reports.columns import TEXT
from attribution.reports.sheets import Column, Sheet
from attribution.reports.spec import SPREAD

ZERO = Decimal(0)
TEAM = "team"
BY_TEAM = (TEAM,)
HOLDER = Holder(TEAM, "feature")
BUDGETED = ("budget", Column("budget_period", TEXT), "budget_used", Column("features", TEXT))
EVIDENCE = (
    ("measured", "Measured", "by telemetry and calls"),
    ("tagged", "Tagged", "by tags and fields of the bill"),
    ("by rule", "By rule", "inferred from a pattern"),
    ("fallback", "Fallback", "nobody can say better"),
)


def named(ask: Ask) -> list[Block]:
    return owned.named_blocks(ask, TEAM, lambda name: target_url(ask, TEAM, name))


def list_lead(ask: Ask) -> dict:
    found = [b for b in named(ask) if any(x.line == "owned" for x in b.lines)]
    if not found:
        text = " Tags, calls and workload maps name teams; rules give money to them."
        return {"parts": [("No cost stands on any team in this period.", True), (text, False)]}
    block = found[0]
    teams = [x for x in block.lines if x.line == "owned"]
    cost = sum((x.cost for x in teams), ZERO)
    first = max(teams, key=lambda x: x.cost)
    parts = [
        (f"{numbers.plural(len(teams), 'team')} cost ", False),
        (numbers.money(cost, block.currency), True),
        (f" over {numbers.period(ask.period, year=True)}, ", False),
        (f"{numbers.percent(cost, block.total.cost)} {of_all(ask)}", False),
        (f"; {first.names[0]} most, {numbers.money(first.cost, block.currency)}", False),
    ]
    most = max(teams, key=lambda x: abs(x.delta or ZERO))
    if most.delta:
        moved = numbers.change(most.delta, block.currency, 0)
        parts.append((f". {most.names[0]} moved most, {moved} {against(ask)}", False))
    over = [n for (n, _), used in budgets(ask).items() if used.is_over]
    if over:
        parts.append((f"; over budget: {', '.join(over)}", True))
    return {"parts": [*parts, (".", False)]}


def budgets(ask: Ask) -> dict[tuple[str, str], Held]:
    """(team, currency) -> how its budget goes."""
    found = held(ask, TEAM) if may_see_plans(ask.asker, TEAM) else {}
    return {(name, budget.currency): budget for name, budget in found.items()}


def list_table(ask: Ask) -> dict:
    found, used = named(ask), budgets(ask)
    owned.add_sparks(ask, found, BY_TEAM)
    features = _features(ask)

    def columns(block: Block) -> list[Shown]:
        return [
            *owned.cost_columns(ask, block.currency),
            Shown("Budget used", owned.of_owned(used, _used, Cell("not set", "word")),
                  key="budget_used", value=owned.value_of(used, attrgetter("part"))),
            Shown("Features", owned.of_owned(features, _many, Cell("none", "word")), words=True),
            Shown("Evidence", _evidence, words=True),
            owned.share_column(block.total.cost),
            owned.spark_column(ask, block.currency),
        ]  # fmt: skip

    def made(block: Block) -> owned.Table:
        shown = columns(block)
        return owned.table(owned.in_order(ask, block, shown), "Team", shown)

    links = [("Statements", reverse("statements"))]
    return {
        "title": "Cost by team",
        "links": links,
        "tables": [made(b) for b in found],
        "empty": ("No cost in this period.", "Choose another period, or", "add a bill", "/upload/"),
        "after": "Evidence says how the cost came to the team: measured by telemetry and calls, "
        "tagged, by a rule’s pattern, or fallback." if found else "",
    }  # fmt: skip


def _features(ask: Ask) -> dict[tuple[str, str], list[str]]:
    """(team, currency) -> its features, the dearest first."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in ask.report("cost", group_by=(TEAM, "feature")).rows:
        if row[TEAM] and row["feature"]:
            found.setdefault((row[TEAM], row["currency"]), []).append(row["feature"])
    return found


def _many(features: list[str], currency: str) -> Cell:
    more = f" and {len(features) - 1} more" if len(features) > 1 else ""
    return Cell(f"{features[0]}{more}", "second")


def _used(budget: Held, currency: str) -> Cell:
    return Cell(budget.share, "bad" if budget.is_over else "", note=budget.note)


def _evidence(line: Line, currency: str) -> Cell:
    return Cell(line.evidence, "second")


def list_data(ask: Ask) -> Sheet:
    answer, found = ask.report("cost", group_by=BY_TEAM), cost_blocks(ask, BY_TEAM)
    known = {key: {"features": ", ".join(names)} for key, names in _features(ask).items()}
    for key, used in budgets(ask).items():
        told = {"budget": used.amount, "budget_period": used.period, "budget_used": used.used}
        known[key] = known.get(key, {}) | told
    return sheet_of_blocks("Teams", ask, answer, found, BY_TEAM, BUDGETED, known)


TEAMS = Page(
    slug="teams",
    title="Teams",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", list_lead),
        Panel(
            "table",
            "parts/owned_table.html",
            list_table,
            table=list_data,
            title="Teams",
            lazy=is_large,
            size="tall",
            sorting=owned.NAMES,
        ),
        replace(RESIDUAL, build=partial(residual, group_by=BY_TEAM)),
    ),
    picks=("period", "compare", "step", "basis", "pools", "currency"),
    asks=BY_TEAM,
)


def key_figures(ask: Ask) -> dict:
    final, block = ask.trust.final, HOLDER.stepped(ask)
    found = first_figures(ask)["figures"] + HOLDER.unit_figures(ask, final)[-1:]
    if block is not None:
        found.append(_pools_figure(ask, block, final))
    return {"figures": found}


def first_figures(ask: Ask) -> dict:
    """What the lead asks, too: cost, budget, and how it came to the team."""
    block = HOLDER.stepped(ask)
    measured = [_evidence_figure(block)] if block is not None else []
    return {"figures": HOLDER.first_figures(ask) + measured}


def evidence_of(block: Block) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in block.lines:
        for name, cost in line.by_evidence.items():
            found[name] = found.get(name, ZERO) + cost
    return found


def _evidence_figure(block: Block) -> Figure:
    """How trustworthy the figure is: the share that telemetry and calls measured."""
    found = evidence_of(block)
    all_of_it = sum(found.values(), ZERO)
    rest = [(name.lower(), found[key]) for key, name, _ in EVIDENCE[1:] if found.get(key)]
    text = ", ".join(f"{numbers.percent(cost, all_of_it, 0)} {name}" for name, cost in rest)
    value = numbers.percent(found.get("measured", ZERO), all_of_it, 0)
    return Figure("Measured", value, under=(("", text or "all of it", False),))


def _pools_figure(ask: Ask, block: Block, final: bool) -> Figure:
    """What it would bear of the pools that belong to nobody, were they spread by cost."""
    rows = ask.report("cost", group_by=(), idle=SPREAD, shared=SPREAD).rows
    row = next((r for r in rows if r["currency"] == block.currency), None)
    if row is None:
        return Figure("Share of the pools", numbers.UNKNOWN, word=True)
    idle, shared = row["idle_spread"], row["shared_spread"]
    parts = [
        f"{numbers.money(idle, block.currency, 0)} idle",
        f"{numbers.money(shared, block.currency, 0)} shared",
    ]
    spread = SPREAD in (ask.view.idle, ask.view.shared)
    said = "in its cost above" if spread else "beside its cost, when spread"
    under = (("", ", ".join(parts), False), ("", said, False))
    return money_figure("Share of the pools", idle + shared, block.currency, under=under,
                        final=final)  # fmt: skip


def features(ask: Ask) -> dict:
    """Its features, with what a thousand requests of each cost."""
    units = units_now(ask, "feature")

    def why(name: str, column: str) -> str:
        return address(ask, figure="unit_cost", at=[("feature", name)], column=column)

    more = owned.unit_columns(units, why)[:2]
    return parts_table(ask, HOLDER.stepped(ask), "feature", "Features", more)


def _of(dimension: str, title: str):
    def data(ask: Ask) -> Sheet:
        answer, group = ask.report("cost", group_by=(dimension,)), (dimension,)
        return sheet_of_blocks(title, ask, answer, cost_blocks(ask, group), group)

    def build(ask: Ask) -> dict:
        step = ask.view.granularity
        rows = ask.report("cost", group_by=(dimension,), granularity=step).rows
        before = ask.rows_before("cost", group_by=(dimension,), granularity=step) or None
        found = blocks(rows, (dimension,), before=before, colour=colour)
        block = found[0] if found else None
        return parts_table(ask, block, dimension, title, sorting=sorting)

    slug = f"{dimension}s"
    sorting = replace(owned.NAMES, table=slug)
    return Panel(slug, "parts/owned_table.html", build, table=data, title=title, lazy=True,
                 sorting=sorting)  # fmt: skip


def statement(ask: Ask) -> str:
    """The statement of the month the view ends in."""
    month = month_start(last_day(ask))
    return reverse("statement", args=[f"{month:%Y-%m}", TEAM, HOLDER.name(ask)])


def read(request: HttpRequest) -> tuple[Page, Ask]:
    return TEAM_PAGE, HOLDER.asked(request)


TEAM_PAGE = Page(
    slug=TEAM,
    title="Team",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", HOLDER.lead),
        Panel("figures", "parts/figures.html", key_figures, title="Key figures", lazy=True,
              size="low", first=first_figures),
        *HOLDER.chart_panels(),
        *(unit_panel(kind, TEAM) for kind in ("unit", "calls")),
        LAYERS_PANEL,
        Panel("features", "parts/owned_table.html", features,
              table=HOLDER.data_with_units, title="Features", lazy=True, sorting=owned.NAMES),
        _of("model", "Models"),
        _of("experiment", "Experiments"),
        Panel("facts", "parts/target_facts.html", facts, title="What is said of it", lazy=True),
        Panel("history", "parts/target_history.html", history, title="Who changed it", lazy=True),
        RESIDUAL,
    ),
    picks=("period", "compare", "step", "basis", "pools", "currency"),
    filters=BY_TEAM,
    under="teams",
    reads=read,
)  # fmt: skip


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One team: the view with this team as its only filter."""
    ask = ask_of(request)
    if not is_seen(ask.asker, TEAM, name):
        return refuse(request, f"{TEAM} {name}")
    ask = ask.with_view(filters={TEAM: (name,)})
    if (answer := unknown(request, ask, TEAM, name)) is not None:
        return answer
    return render_page(request, TEAM_PAGE, ask, statement=statement(ask), **named_page(name))
