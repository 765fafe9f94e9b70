"""When an experiment is to be stopped: the criteria of its budget against report `experiments`."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.money import plain
from aicost.kernel.periods import Period
from attribution.budgeting.plans import Plan
from attribution.reports import run
from attribution.reports.spec import Asker, Spec

EXPERIMENT = "experiment"


def experiment_of(plan: Plan) -> str | None:
    """The one experiment that a plan is about."""
    names = plan.filters.get(EXPERIMENT, ())
    return names[0] if len(names) == 1 and set(plan.filters) == {EXPERIMENT} else None


def stop_words(plan: Plan, day: date, used: Decimal, available: Decimal) -> str:
    """The criteria that are met, in words; '' for none. What has ended needs no stop."""
    name = experiment_of(plan)
    if not plan.stop or name is None:
        return ""
    spec = Spec(
        "experiments",
        Period(day, day + timedelta(days=1)),
        Asker("budgets"),
        filters={EXPERIMENT: (name,)},
    )
    rows = [row for row in run(spec).rows if row["experiment"] == name]
    if not rows or rows[0]["status"] == "ended":
        return ""
    return "; ".join(_met(plan, day, used, available, rows[0]))


def _met(plan: Plan, day: date, used: Decimal, available: Decimal, row: dict) -> list[str]:
    stop, met = plan.stop, []
    if stop.on is not None and day >= stop.on:
        met.append(f"to be stopped by {stop.on}")
    quiet = row["quiet_days"]
    if stop.unused_days is not None and quiet is not None and quiet >= stop.unused_days:
        met.append(f"unused for {quiet} days, {stop.unused_days} are allowed")
    if stop.points is not None and used * 100 >= available * stop.points_percent:
        gained = row["gained_points"]
        if gained is None or gained < stop.points:
            told = "no gain known" if gained is None else f"{plain(gained)} points gained"
            met.append(f"{told} with {stop.points_percent}% of the budget used, "
                       f"{plain(stop.points)} were to be")  # fmt: skip
    return met
