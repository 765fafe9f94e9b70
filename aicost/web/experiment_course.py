"""What an experiment cost so far, step by step, against what was planned by then."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import OWN
from aicost.web.parts import cut_steps, periods_of, start_of, twin
from aicost.web.trials import begun, budget_said, budgets_of, trials_of, whole_span
from attribution.reports.sheets import Sheet, sheet_of
from attribution.reports.spec import BadSpec

ZERO = Decimal(0)
WHOLE = {"group_by": (), "idle": "shown", "shared": "shown"}
DAYS_DRAWN_MAX = 120


def name_of(ask: Ask) -> str:
    """The experiment the address names. Raises `BadSpec` when it names none."""
    named = ask.view.filters.get("experiment")
    if not named:
        raise BadSpec("experiment= is missing")
    return named[0]


def told(ask: Ask) -> dict | None:
    """Its row of report `experiments`, of its dearest currency; None when nothing is known."""
    rows = trials_of(ask, experiment=(name_of(ask),)).rows
    return rows[0] if rows else None


def whole(ask: Ask) -> Period:
    row = told(ask)
    return whole_span(ask, row) if row else ask.period


def _steps(ask: Ask) -> tuple[str, Period]:
    span = whole(ask)
    first = told(ask)["first_day"] if told(ask) else None
    span = Period(first or span.start, span.end)
    return ("day" if span.length_days <= DAYS_DRAWN_MAX else "week"), span


def _layers(ask: Ask) -> tuple[list[figures.Stack], list[date], str, str]:
    """Cost so far and what was planned by then, step by step, in the dearest currency."""
    row = told(ask)
    if row is None or not row["currency"]:
        return [], [], "day", ""
    step, span = _steps(ask)
    answer = ask.report("cost", group_by=(), period=span, granularity=step)
    by_step: dict[date, Decimal] = {}
    for one in answer.rows:
        if one["currency"] == row["currency"]:
            by_step[one["period"]] = by_step.get(one["period"], ZERO) + one["cost"]
    last = min(row["data_through"], span.end - timedelta(days=1))
    when = [p for p in periods_of(span, step) if p <= last]
    made = [figures.Stack("Cost so far", OWN, _summed(by_step, when))]
    plans = begun(budgets_of(ask, [name_of(ask)]).get(name_of(ask), []), span.start, last)
    if plans and budget_said(budgets_of(ask, [name_of(ask)])[name_of(ask)], row):
        planned: dict[date, Decimal] = {}
        for day, amount in plans:
            at = start_of(day, step)
            planned[at] = planned.get(at, ZERO) + amount
        made.append(figures.Stack("Budget to date", "s-total", _summed(planned, when)))
    return made, when, step, row["currency"]


def _summed(by_step: dict[date, Decimal], when: list[date]) -> dict[date, Decimal]:
    found, total = {}, ZERO
    for at in when:
        total += by_step.get(at, ZERO)
        found[at] = total
    return found


def chart(ask: Ask) -> dict:
    made, when, step, currency = _layers(ask)
    title = "Cost so far"
    if not when:
        return {"title": title, "empty": True}
    final = ask.trust.final
    note = f"Summed {step} by {step}, {ask.view.basis}, {currency}."
    note += "" if final else " The last days may still change."
    note += " Ink: budget, in full from the day each of its periods begins." if made[1:] else ""
    return {
        "title": title,
        "note": note,
        "size": "medium",
        "summary": f"{title}, {currency}: "
        + "; ".join(f"{x.name} {numbers.money(x.values[when[-1]], currency)}" for x in made),
        "twin": twin(made, when, step, lambda amount: numbers.money(amount or ZERO, currency)),
    }


def chart_data(ask: Ask) -> Sheet:
    """A row a step: cost and budget, both summed up to its end."""
    made, when, _, currency = _layers(ask)
    names = ("cost_to_date", "budget_to_date")[: len(made)]
    rows = [
        {"period": at, "currency": currency}
        | {name: one.values[at] for name, one in zip(names, made, strict=True)}
        for at in when
    ]
    columns = ("period", "currency", "cost_to_date", "budget_to_date")
    return sheet_of("Cost so far", ask.report("cost", **WHOLE, period=whole(ask)), columns, rows)


def figure(ask: Ask) -> dict:
    made, when, step, currency = _layers(ask)
    if not when:
        return {"data": [], "layout": {}}
    shown = Period(when[0], _steps(ask)[1].end)
    axis = figures.Axis(step, currency, cut=cut_steps(shown, step))
    drawn = figures.lines(made, when, axis)
    for trace in drawn["data"][1:]:  # a budget is there in full from its first day
        trace["line"]["shape"] = "hv"
    return drawn
