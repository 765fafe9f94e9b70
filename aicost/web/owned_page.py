"""One name's page: what it costs and why it moved, day by day, of what it consists. The name is the
page's only filter; features and teams share these pieces, each with what it consists of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest
from django.urls import reverse

from aicost.web import figures, numbers, owned
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.exports import sheet_of_blocks
from aicost.web.names import OWN_PAGES, may_see_plans, target_url
from aicost.web.notes import NOTES, named_days
from aicost.web.owned import Column
from aicost.web.parts import (
    Figure,
    against,
    cost_blocks,
    cut_steps,
    estimate_step,
    hatched,
    legend,
    money_figure,
    moved,
    periods_of,
    stacks,
    twin,
    whole_steps,
    why_url,
)
from aicost.web.reasons import address, whole
from aicost.web.shell import Panel
from aicost.web.sorting import Sorting
from aicost.web.subject import budget_figure, budget_words, late_words, said_of, subject
from aicost.web.tables import Block, blocks, shorten
from aicost.web.units import Unit, per_thousand, unit_rows, units_now
from attribution.reports.sheets import Sheet, sheet_of_answer

ZERO = Decimal(0)
ROWS_MAX = 12
PER_INFERENCE = 3  # of owned.UNIT_COLUMNS; the rest is of outcomes


@dataclass(frozen=True)
class Holder:
    """A kind of page: its dimension, and the dimension its bars and first table are of."""

    dimension: str
    by: str

    def name(self, ask: Ask) -> str:
        return ask.view.filters[self.dimension][0]

    def asked(self, request: HttpRequest) -> Ask:
        """The ask of a part of the page: the name is in the query string. Raises `BadSpec` without
        one, `NotAllowed` for one that the asker does not see."""
        ask = ask_of(request)
        names = ask.view.filters.get(self.dimension, ())
        ask = ask.with_view(filters={self.dimension: names[:1]} if names else {})
        subject(ask)
        return ask

    def stepped(self, ask: Ask) -> Block | None:
        """The largest currency's cost by what it consists of, per step of the view, beside what it
        was: one question for lead, figures, chart and table."""
        return _stepped(ask, self.by)

    def unit(self, ask: Ask) -> Unit | None:
        """The name's unit cost: the row that has money, else the one with calls."""
        name = self.name(ask)
        rows = [u for u in unit_rows(ask, (self.dimension,)) if u.name == name]
        return next((u for u in rows if u.currency), rows[0] if rows else None)

    def lead(self, ask: Ask) -> dict:
        entity, block = said_of(ask), self.stepped(ask)
        title = entity.title if entity and entity.title else self.name(ask)
        if block is None:
            return {"parts": [(f"No cost stands on {title} in this period.", True)]}
        total = block.total
        parts = [
            (f"{title} cost ", False),
            (numbers.money(total.cost, block.currency), True),
            (f" over {numbers.period(ask.period, year=True)}", False),
        ]
        if total.previous is not None:
            grown = numbers.change_percent(total.cost, total.previous)
            money = numbers.change(total.delta, block.currency, 0)
            parts.append((f", {money} ({grown}) {against(ask)}", False))
        elif ask.view.other is not None:
            parts.append((f"; no bill covers {numbers.period(ask.view.other)}", False))
        parts.append((f".{self._moved_most(block)}", False))
        parts += self._standing(ask)
        return {"parts": parts}

    def _moved_most(self, block: Block) -> str:
        """ " rank-v3 moved it most, +$1,234." """
        delta = block.total.delta
        if not delta or len(block.lines) < 2:
            return ""
        most = max(block.lines, key=lambda x: (x.delta or ZERO) * (1 if delta > 0 else -1))
        if not most.delta:
            return ""
        return f" {most.names[0]} moved it most, {numbers.change(most.delta, block.currency, 0)}."

    def _standing(self, ask: Ask) -> list[tuple[str, bool]]:
        found = budget_words(ask)
        entity = said_of(ask)
        if entity is None or not entity.owner:
            found.append((" Nobody is named as its owner.", False))
        else:
            found.append((f" {entity.owner} owns it.", False))
        return found + late_words(ask)

    def cost_figure(self, ask: Ask, final: bool) -> Figure:
        block = self.stepped(ask)
        if block is None:
            return Figure("Cost", numbers.UNKNOWN, word=True)
        total = block.total
        under = moved(ask, total.cost, total.previous, block.currency)
        # All idle here is its own, also what stands on none of the names it is shown by.
        waits = sum((line.idle_cost for line in block.lines), ZERO)
        idle = numbers.money(waits, block.currency, 0)
        part = numbers.percent(waits, total.cost)
        under = (*under, ("", f"{idle} own idle, {part}", False))
        why = whole(ask, block.currency)
        return money_figure("Cost", total.cost, block.currency, under=under, final=final, why=why)

    def first_figures(self, ask: Ask) -> list[Figure]:
        """What the lead asks, too."""
        return [self.cost_figure(ask, ask.trust.final), *self.plan_figures(ask)]

    def unit_figures(self, ask: Ask, final: bool) -> list[Figure]:
        """Requests, and what a thousand of them cost, loaded and marginal."""
        unit = self.unit(ask)
        if unit is None or unit.requests is None:
            under = (("", "no inferences are known of it", False),)
            return [Figure("Inferences", numbers.UNKNOWN, word=True, under=under)]
        was = unit.previous
        under = [("", f"{numbers.count(unit.requests)} counted", False)]
        if was and was.requests:
            grown = numbers.grown(Decimal(unit.requests), Decimal(was.requests))
            under.insert(0, (grown, against(ask), False))
        requests = Figure("Inferences", numbers.short_count(unit.requests), under=tuple(under))
        return [requests, self._unit_figure(ask, unit, final)]

    def _unit_figure(self, ask: Ask, unit: Unit, final: bool) -> Figure:
        name, was = "Loaded per 1k", unit.previous
        if unit.loaded is None or unit.marginal is None:
            return Figure(name, numbers.UNKNOWN, word=True)
        under = []
        if was and was.loaded:
            under.append((numbers.grown(unit.loaded, was.loaded), against(ask), False))
        bare = per_thousand(unit.marginal, unit.currency)
        under.append((bare, "without its idle time", False))
        why = address(ask, figure="unit_cost", at=[(self.dimension, unit.name)],
                      currency=unit.currency, column="loaded_cost_per_inference")  # fmt: skip
        value = per_thousand(unit.loaded, unit.currency)
        return Figure(name, value, under=tuple(under), final=final, why=why)

    def plan_figures(self, ask: Ask) -> list[Figure]:
        return [budget_figure(ask)] if may_see_plans(ask.asker, self.dimension) else []

    def chart(self, ask: Ask) -> dict:
        block, step = self.stepped(ask), ask.view.granularity
        title = f"Cost per {step}"
        if block is None:
            return {"title": title, "empty": True}
        made, note = stacks(block), f"By {self.by}, {ask.view.basis}, {block.currency}."
        return {
            "title": title,
            "note": note,
            "size": "medium",
            "legend": legend(made),
            "hatched": hatched(ask, step),
            "dots": bool(_before(ask, self.by)),
            "links": [("Explore", f"{reverse('explore')}?{ask.view.query(group_by=(self.by,))}")],
            "summary": f"{title}. {note} Total {numbers.money(block.total.cost, block.currency)}.",
            "twin": twin(made, periods_of(ask.period, step), step,
                         lambda amount: numbers.money(amount or ZERO, block.currency),
                         cut_steps(ask.period, step)),
        }  # fmt: skip

    def figure(self, ask: Ask) -> dict:
        block, step = self.stepped(ask), ask.view.granularity
        if block is None:
            return {"data": [], "layout": {}}
        first, events = estimate_step(ask, step), named_days(ask, step)
        axis = figures.Axis(step, block.currency, estimate_from=first, events=events,
                            cut=cut_steps(ask.period, step))  # fmt: skip
        when = periods_of(ask.period, step)
        dots = _dots(ask, self.by, block.currency, when)
        return figures.stacked_bars(stacks(block), when, axis, previous=dots)

    def data(self, ask: Ask) -> Sheet:
        """What it consists of, all rows and all currencies."""
        group = (self.by,)
        answer = ask.report("cost", group_by=group)
        return sheet_of_blocks(self.by.capitalize(), ask, answer, cost_blocks(ask, group), group)

    def data_with_units(self, ask: Ask) -> Sheet:
        """The same with inferences of each and what one costs, which its table shows too."""
        group = (self.by,)
        answer, found = ask.report("cost", group_by=group), cost_blocks(ask, group)
        known = {key: dict(unit.row) for key, unit in units_now(ask, self.by).items()}
        columns = owned.UNIT_COLUMNS[:PER_INFERENCE]
        return sheet_of_blocks(self.by.capitalize(), ask, answer, found, group, columns, known)

    def chart_data(self, ask: Ask) -> Sheet:
        """The bars: a row a step and part."""
        step = ask.view.granularity
        answer = ask.report("cost", group_by=(self.by,), granularity=step)
        return sheet_of_answer(f"Cost per {step}", answer)

    def chart_panels(self) -> tuple[Panel, Panel]:
        """The chart, and what happened in its days."""
        drawn = Panel("chart", "parts/owned_chart.html", self.chart, self.figure, self.chart_data,
                      "Cost over time")  # fmt: skip
        return drawn, NOTES


def named_page(name: str) -> dict:
    """What a page says of its name. The name is in the address, so it is no filter to take away."""
    return {"heading": name, "title": name, "name": name, "filter_dimensions": [], "chips": []}


def _before(ask: Ask, by: str) -> list[dict]:
    return ask.rows_before("cost", group_by=(by,), granularity=ask.view.granularity) or []


def _stepped(ask: Ask, by: str) -> Block | None:
    answer = ask.report("cost", group_by=(by,), granularity=ask.view.granularity)
    before = _before(ask, by) or None
    found = blocks(answer.rows, (by,), before=before, colour=colour)
    return found[0] if found else None


def _dots(ask: Ask, by: str, currency: str, periods: Sequence[date]) -> list[Decimal | None]:
    """Totals of the period compared with, step by step beside today's."""
    was = {b.currency: b.total.by_period for b in blocks(_before(ask, by), (by,), colour=colour)}
    if currency not in was:
        return []
    step = ask.view.granularity
    return [was[currency].get(p) for p in periods_of(ask.view.other, step)][: len(periods)]


def parts_table(
    ask: Ask,
    block: Block | None,
    by: str,
    title: str,
    more: Sequence[Column] | None = None,
    sorting: Sorting = owned.NAMES,
) -> dict:
    """What a page's money consists of; it adds up to the page's cost. `more` are columns before
    the share; with None the table is half a page wide, without sparklines on one scale, and
    without colours: those of the page are of the names in its chart."""
    if block is None:
        return {"title": title, "empty": ("No cost in this period.", "")}
    shown = shorten(block, ROWS_MAX)
    periods = whole_steps(ask, ask.period, ask.view.granularity)
    top = max((v for x in shown.lines for v in x.by_period.values()), default=ZERO)
    for line in [*shown.lines, shown.total]:
        if line.line != "other":
            line.why = why_url(ask, line, (by,), block.currency)
        if line.line == "owned":
            line.page = page_url(ask, by, line.key[1])
        line.spark = owned.drawn(line.by_period, periods, None if line is shown.total else top)
    columns = [*owned.cost_columns(ask, block.currency)]
    columns += [*(more or ()), owned.share_column(block.total.cost)]
    if more is not None:
        columns.append(owned.spark_column(ask, block.currency))
    shown = owned.in_order(ask, shown, columns, sorting)
    return {
        "title": title,
        "tables": [owned.table(shown, by.capitalize(), columns, swatches=more is not None)],
    }


def page_url(ask: Ask, dimension: str, name: str) -> str:
    """The page of a name; the period goes along, filters do not."""
    if dimension == "model":
        query = ask.view.query(filters={}, group_by=("feature",))
        return reverse("model", args=[name]) + (f"?{query}" if query else "")
    known = (*OWN_PAGES, "experiment", "workload")
    return target_url(ask, dimension, name) if dimension in known else ""
