"""The facts that detectors read, from reports and from the watched series. FACTS names each; it is
gathered once a look, whoever reads it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
import logging

from aicost.kernel.periods import Period, month_of, month_start
from attribution.alerting.levels import BY_NAME, Scope
from attribution.alerting.people import monthly_budgets
from attribution.alerting.series import FILTERS, Watched, ask
from attribution.budgeting import findings
from attribution.budgeting.plans import Plan
from attribution.detectors import DETECTORS
from attribution.detectors.findings import Noticed, settings_at
from attribution.models import Entity
from attribution.models.entities import RETIRED

log = logging.getLogger(__name__)

GPU_DAYS, WEEKS, RECENT_DAYS, CORRECTION_DAYS, YEAR_DAYS = 100, 26, 28, 120, 365
REVENUE_LATE_DAYS = 3
ZERO = Decimal(0)


def noticed_facts(watched: Watched, sensitivity: str = "medium") -> tuple[list[Noticed], list[str]]:
    """What the detectors of facts say; and of one that failed that it did."""
    found: list[Noticed] = []
    notes: list[str] = []
    gathered: dict[str, list] = {}
    for detector in DETECTORS:
        if detector.reads != "facts":
            continue
        try:
            if detector.facts not in gathered:
                gathered[detector.facts] = FACTS[detector.facts](watched)
            settings = settings_at(detector.settings, sensitivity)
            found += detector.run(gathered[detector.facts], settings)
        except Exception as error:  # one that fails must not silence all others
            log.exception("the detector %s failed", detector.name)
            notes.append(f"the detector {detector.name} failed: {type(error).__name__}: {error}")
    return found, notes


def _back(watched: Watched, days: int) -> Period:
    """The last days, up to the last one judged."""
    return Period(watched.through - timedelta(days=days - 1), watched.period.end)


def _weeks(watched: Watched) -> Period:
    """Whole weeks from a Monday, up to the last Sunday."""
    end = watched.period.end - timedelta(days=watched.period.end.weekday())
    return Period(end - timedelta(weeks=WEEKS), end)


def gpu_days(watched: Watched) -> list[dict]:
    groups = ("resource", "experiment", "workload")
    return ask("gpu", _back(watched, GPU_DAYS), *groups, granularity="day")


def silent_sources(watched: Watched) -> list[dict]:
    return [
        row | {"day": watched.through}
        for row in ask("freshness", watched.period)
        if row["kind"] in ("telemetry", "usage") and row["through"] is not None
    ]


def margin_months(watched: Watched) -> list[dict]:
    """Whole months, and the one that goes on while its revenue is told as fast as its cost."""
    start = month_start(watched.through - timedelta(days=YEAR_DAYS))
    told = [row["through"] for row in ask("freshness", watched.period) if row["kind"] == "business"]
    revenue = max((day for day in told if day is not None), default=None)
    late = revenue is None or (watched.through - revenue).days > REVENUE_LATE_DAYS
    found = []
    for row in ask("margin", Period(start, watched.period.end), granularity="month"):
        last = month_of(row["period"]).end - timedelta(days=1)
        goes_on = last > watched.through
        if row["feature"] and not (goes_on and late):
            found.append(row | {"through": min(last, watched.through)})
    return found


def versions(watched: Watched) -> list[dict]:
    """The leading versions, with what a call of the one before costs."""
    rows = ask("quality", _back(watched, RECENT_DAYS))
    found = []
    for row in rows:
        if row["leads_since"] is None or not row["cost_from"]:
            continue
        alike = ("base_model", "measure", "dataset", "currency")
        before = next(
            (
                other["marginal_cost_per_inference"] for other in rows
                if all(other[name] == row[name] for name in alike)
                and row["leads_after"] in _names(other)
            ),
            None,
        )  # fmt: skip
        found.append(row | {"before": before, "day": watched.through})
    return found


def _names(row: dict) -> tuple[str, ...]:
    version, model = row["model_version"], row["model"]
    return (version or model, f"{model} {version}".rstrip())


def account_days(watched: Watched) -> list[dict]:
    found: dict[tuple, dict] = {}
    for row in ask("cost", watched.period, "account", "state", granularity="day", filters=FILTERS):
        key = (row["period"], row["account"], row["currency"])
        one = found.setdefault(
            key, dict(zip(("period", "account", "currency"), key, strict=True))
            | {"cost": ZERO, "unattributed": ZERO},
        )  # fmt: skip
        one["cost"] += row["cost"]
        if row["state"] == "unclaimed":
            one["unattributed"] += row["cost"]
    return list(found.values())


def estimated_models(watched: Watched) -> list[dict]:
    period = _back(watched, RECENT_DAYS)
    days = {"onset": period.start, "last": watched.through}
    rows = ask("estimate_accuracy", period, "model")
    return [row | days for row in rows if row["line"] == "owned" and row["model"]]


def unmetered_days(watched: Watched) -> list[dict]:
    """Only of models of which anything is unmetered."""
    filters = {"kind": ("workload", "unattributed"), "activity": ("inference",)}
    found: dict[tuple, dict] = {}
    missing = set()
    rows = ask("cost", watched.period, "model", "state", granularity="day", filters=filters)
    for row in rows:
        key = (row["period"], row["model"], row["currency"])
        one = found.setdefault(
            key, dict(zip(("period", "model", "currency"), key, strict=True))
            | {"cost": ZERO, "unmetered": ZERO},
        )  # fmt: skip
        one["cost"] += row["cost"]
        if row["state"] == "unmetered":
            one["unmetered"] += row["cost"]
            missing.add(row["model"])
    return [row for row in found.values() if row["model"] in missing]


def retry_weeks(watched: Watched) -> list[dict]:
    week = _back(watched, 7)
    four = Period(week.start - timedelta(days=RECENT_DAYS), week.start)
    before = {(r["model"], r["currency"]): r for r in ask("failed_work", four, "model")}
    found = []
    for row in ask("failed_work", week, "model"):
        old = before.get((row["model"], row["currency"]), {})
        told = {f"{name}_before": old.get(name) for name in ("requests", "retries")}
        found.append(row | told | {"onset": week.start, "last": watched.through})
    return [row for row in found if row["model"]]


def prompt_weeks(watched: Watched) -> list[dict]:
    rows = ask("unit_cost", _weeks(watched), "feature", granularity="week")
    return [
        row | {"cost": row["marginal_cost"], "last": row["period"] + timedelta(days=6)}
        for row in rows
        if row["feature"] and row["currency"]
    ]


def experiments(watched: Watched) -> list[dict]:
    """With what each cost since the day after it was last used."""
    found = []
    retired = set(
        Entity.objects.filter(dimension="experiment", status=RETIRED).values_list("name", flat=True)
    )
    for row in ask("experiments", _back(watched, RECENT_DAYS)):
        used = row["last_used"]
        since = row["first_day"] if used is None else used + timedelta(days=1)
        if row["currency"] is None or since is None or since > watched.through:
            continue
        found.append(
            row
            | {
                "since": since,
                "day": watched.through,
                "retired": row["experiment"] in retired,
                "still_costs": row["status"] in ("quiet", "forgotten"),
                "cost_since": _since(watched, "experiment", row["experiment"], row, since),
            }
        )
    return found


def _since(watched: Watched, level: str, name: str, row: dict, since: date) -> Decimal:
    days = watched.cost.get(Scope(level, name, row["currency"]), {})
    return sum((cost for day, cost in days.items() if day >= since), ZERO)


def called_models(watched: Watched) -> list[dict]:
    """Models that were called, of which serving goes on: its cost since the last call."""
    serving: dict[tuple, dict[date, Decimal]] = defaultdict(dict)
    filters = {"activity": ("inference",)}
    for row in ask("cost", _back(watched, GPU_DAYS), "model", granularity="day", filters=filters):
        serving[row["model"], row["currency"]][row["period"]] = row["cost"]
    found = []
    for scope, (_, used, _) in watched.unit.items():
        if scope.level != "model":
            continue
        last = max((day for day, calls in used.items() if calls > 0), default=None)
        days = serving.get((scope.name, scope.currency), {})
        cost = sum((c for day, c in days.items() if last is not None and day > last), ZERO)
        found.append(
            {"model": scope.name, "currency": scope.currency, "last_call": last,
             "cost_since": cost, "day": watched.through}
        )  # fmt: skip
    return found


def storage_weeks(watched: Watched) -> list[dict]:
    """By model, else by team, else by account; whole weeks that are known."""
    filters = {"activity": ("storage",)}
    groups = ("model", "team", "account")
    found: dict[tuple, dict] = {}
    for row in ask("cost", _weeks(watched), *groups, granularity="week", filters=filters):
        level = next((name for name in groups if row[name]), "organisation")
        key = (row["period"], level, row.get(level, ""), row["currency"])
        one = found.setdefault(
            key, dict(zip(("period", "level", "name", "currency"), key, strict=True))
            | {"cost": ZERO, "last": row["period"] + timedelta(days=6)},
        )  # fmt: skip
        one["cost"] += row["cost"]
    return list(found.values())


def trials(watched: Watched) -> list[dict]:
    """Experiments with a budget for the month, and experiments and models with scores."""
    month = month_start(watched.through)
    found = []
    for scope, amount in monthly_budgets(watched.through).items():
        if scope.level == "experiment" and scope in watched.cost:
            cost = _since(watched, *scope[:2], {"currency": scope.currency}, month)
            found.append(_trial(scope, watched, budget=amount, cost=cost, first=month))
    for (scope, measure, better), scores in _scores(watched).items():
        best = (min if better == "lower" else max)(score for _, score in scores)
        at = next(day for day, score in scores if score == best)
        since = _trained(watched, scope, at + timedelta(days=1))
        found.append(
            _trial(scope, watched, scores=scores, measure=measure, better=better,
                   cost_since_best=since)
        )  # fmt: skip
    return found


def _trial(scope: Scope, watched: Watched, **more) -> dict:
    empty = {"budget": None, "cost": None, "scores": (), "cost_since_best": None}
    return empty | scope._asdict() | {"day": watched.through} | more


def _scores(watched: Watched) -> dict[tuple, list[tuple[date, Decimal]]]:
    """(scope, measure and data set, which way is better) -> its scores, the oldest first."""
    found: dict[tuple, list] = defaultdict(list)
    for row in ask("quality", _back(watched, RECENT_DAYS)):
        if row["score"] is None or not row["currency"]:
            continue
        level, name = ("experiment", row["experiment"]), ("model", row["base_model"])
        scope = Scope(*(level if row["experiment"] else name), row["currency"])
        measure = f"{row['measure']} {row['dataset']}".rstrip()
        found[scope, measure, row["better"]].append((row["scored_on"], row["score"]))
    return {key: sorted(scores) for key, scores in found.items()}


def _trained(watched: Watched, scope: Scope, since: date) -> Decimal | None:
    """What training of the scope cost from a day on; None where there is none."""
    if since > watched.through:
        return ZERO
    filters = {scope.level: (scope.name,)}
    rows = ask("training", Period(since, watched.period.end), scope.level, filters=filters)
    costs = [row["training_cost"] for row in rows if row["currency"] == scope.currency]
    return sum(costs, ZERO) if costs else None


def restatements(watched: Watched) -> list[dict]:
    rows = ask("restatements", watched.period)
    return [
        row | {"changed_on": row["created_at"].date(), "day": watched.through} for row in rows
    ]  # fmt: skip


def corrections(watched: Watched) -> list[dict]:
    filters = {"charge_class": ("Correction",)}
    rows = ask("cost", _back(watched, CORRECTION_DAYS), "source", "model", granularity="day",
               filters=filters, long=True)  # fmt: skip
    return [row | {"day": watched.through} for row in rows if row["source"]]


def budgets(watched: Watched) -> list[dict]:
    """What budgeting says of the last day; a budget of a name stands on that name, any other by its
    title: several may count the same cost."""
    found = []
    for one in findings(watched.through):
        level, name = _of_budget(one.budget)
        found.append(
            {"level": level, "name": name, "currency": one.currency, "title": one.budget.title,
             "onset": one.period_start, "day": one.day, "amount": one.amount, "used": one.used,
             "forecast": one.p50, "said": one.kind, "words": one.words}
        )  # fmt: skip
    return found


def _of_budget(plan: Plan) -> tuple[str, str]:
    _, dimension, name = plan.key
    return (dimension, name) if dimension in BY_NAME else ("budget", plan.title)


FACTS: dict[str, Callable[[Watched], list[dict]]] = {
    one.__name__: one
    for one in (
        gpu_days,
        silent_sources,
        margin_months,
        versions,
        account_days,
        estimated_models,
        unmetered_days,
        retry_weeks,
        prompt_weeks,
        experiments,
        called_models,
        storage_weeks,
        trials,
        restatements,
        corrections,
        budgets,
    )
}
