"""Experiments: what each cost so far, whether it still runs, and what a point of quality cost it.

An experiment is seen by its use: calls, runs, and money that is not idle. One that nobody uses any
more while it still costs is forgotten. Money for a point is the cost-effectiveness ratio of
attribution.quality, with the best score known before the experiment as what it is measured against.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from attribution.measures import better_of
from attribution.models import Entity
from attribution.models.entities import RETIRED
from attribution.quality import LOWER, per_point, points
from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

NEAR_DAYS = 92
WEEK_DAYS = 7
# Unused for so long while it still costs; bills tell a day or two late.
FORGOTTEN_DAYS, STILL_DAYS = 7, 3
RUNNING, QUIET, FORGOTTEN, ENDED = "running", "quiet", "forgotten", "ended"
COLUMNS = (
    "experiment", "teams", "currency", "cost", "idle_cost", "week_cost", "first_day", "last_used",
    "data_through", "quiet_days", "status", "runs", "failed_runs", "gpu_hours", "model", "measure",
    "dataset", "better", "score", "baseline_score", "gained_points", "cost_per_point", "reason",
)  # fmt: skip


@dataclass
class Trial:
    """All that is known of one experiment in one currency."""

    name: str
    currency: str | None
    through: date | None
    money: list[dict] = field(default_factory=list)
    use: dict = field(default_factory=dict)
    scores: list[dict] = field(default_factory=list)
    elsewhere: bool = False

    def summed(self, name: str) -> Decimal | None:
        return sum((row[name] for row in self.money), Decimal(0)) if self.money else None

    @property
    def last_used(self) -> date | None:
        return max(self._uses, default=None)

    @property
    def _uses(self) -> list[date]:
        told = [row["last_used"] for row in self.money]
        told += [self.use.get("last_call"), self.use.get("last_run")]
        return [day for day in told if day is not None]

    @property
    def quiet_days(self) -> int | None:
        """Days without use at the end of what each source tells, at the source that saw it last."""
        gaps = [(row["through"] - row["last_used"]).days for row in self.money if row["last_used"]]
        if (call := self.use.get("last_call")) is not None:
            gaps.append((self.use["through"] - call).days)
        if (run := self.use.get("last_run")) is not None:
            gaps.append((self.through - run).days)
        return max(min(gaps), 0) if gaps else None

    @property
    def still_costs(self) -> bool:
        return any(
            row["last_cost"] is not None and (row["through"] - row["last_cost"]).days < STILL_DAYS
            for row in self.money
        )

    def status(self, retired: bool) -> str:
        """running, quiet (unused, still paid for), forgotten (so for a week, or retired), ended."""
        quiet = self.quiet_days
        if quiet is not None and quiet < STILL_DAYS and not retired:
            return RUNNING
        if not self.still_costs:
            return ENDED
        return FORGOTTEN if retired or quiet is None or quiet >= FORGOTTEN_DAYS else QUIET


def rows(spec: Spec) -> list[dict]:
    """One row an experiment and currency, the dearest first."""
    near = spec.period.end - timedelta(days=NEAR_DAYS)
    asked = binds(spec) | {"near": near, "week": WEEK_DAYS}
    money = fetch("experiments_money", asked)
    use = {row["experiment"]: row for row in fetch("experiments_use", asked)}
    scores: dict[str, list[dict]] = {}
    for row in fetch("experiments_scores", asked):
        scores.setdefault(row["experiment"], []).append(row)
    told = [row["through"] for row in (*money, *use.values()) if row["through"]]
    told += [row["last_run"] for row in use.values() if row["last_run"]]
    narrowed = "team" in spec.filters or spec.asker.teams is not None
    trials = _trials(money, use, scores, max(told, default=None), narrowed)
    retired = _retired(spec.period.end - timedelta(days=1))
    found = [_row(trial, trial.name in retired) for trial in trials]
    found.sort(key=lambda row: (-(row["cost"] or 0), row["experiment"], row["currency"] or ""))
    return pick(found, COLUMNS)


def _trials(
    money: Iterable[dict],
    use: dict[str, dict],
    scores: dict[str, list[dict]],
    through: date | None,
    narrowed: bool,
) -> list[Trial]:
    """Those with money, and, where the question is not narrowed to teams, those only heard of."""
    found: dict[tuple, Trial] = {}
    for row in money:
        key = (row["experiment"], row["currency"])
        found.setdefault(key, Trial(*key, through)).money.append(row)
    if not narrowed:
        for name in (use.keys() | scores.keys()) - {name for name, _ in found}:
            found[name, None] = Trial(name, None, through)
    for (name, _), trial in found.items():
        trial.use, trial.scores = use.get(name, {}), scores.get(name, [])
        trial.elsewhere = sum(other == name for other, _ in found) > 1
    return list(found.values())


def _retired(day: date) -> set[str]:
    """Names that people said are over by the day."""
    said = Entity.objects.filter(dimension="experiment", status=RETIRED)
    return {one.name for one in said if one.retired_on is None or one.retired_on <= day}


def _row(trial: Trial, retired: bool) -> dict:
    gpu_ms = trial.use.get("gpu_ms")
    row = dict.fromkeys(COLUMNS) | {
        "experiment": trial.name,
        "teams": ", ".join(sorted({row["team"] for row in trial.money} - {""})),
        "currency": trial.currency,
        **{name: trial.summed(name) for name in ("cost", "idle_cost", "week_cost")},
        "first_day": min((r["first_day"] for r in trial.money if r["first_day"]), default=None),
        "last_used": trial.last_used,
        "data_through": trial.through,
        "quiet_days": trial.quiet_days,
        "status": trial.status(retired),
        "runs": trial.use.get("runs"),
        "failed_runs": trial.use.get("failed_runs"),
        "gpu_hours": None if gpu_ms is None else hours(gpu_ms),
    }
    return row | _quality(trial, row["cost"])


def _quality(trial: Trial, cost: Decimal | None) -> dict:
    """The best score of the measure with most scores, against the best from before."""
    if not trial.scores:
        return {"reason": "no score names it"}
    first = trial.scores[0]
    key = ("base_model", "measure", "dataset")
    same = [row for row in trial.scores if all(row[name] == first[name] for name in key)]
    better = better_of(first["measure"], first["told_better"])
    best = (min if better == LOWER else max)(same, key=lambda row: row["score"])
    baseline = first["lowest"] if better == LOWER else first["highest"]
    told = {name: best[name] for name in ("model", "measure", "dataset", "score")}
    told |= {"better": better, "baseline_score": baseline, "reason": ""}
    if baseline is None:
        return told | {"reason": "no score from before it, of the same model, measure and data set"}
    gained = points(best["score"], baseline, better, best["is_share"])
    told["gained_points"] = gained
    if gained <= 0:
        return told | {"reason": "its best score is no better than what was known before it"}
    if cost is None:
        return told | {"reason": "no cost of it is known"}
    if any(row["others_pay"] for row in trial.money):
        return told | {"reason": "other teams pay for part of it"}
    if trial.elsewhere:
        return told | {"reason": "its cost stands in several currencies"}
    return told | {"cost_per_point": per_point(cost, gained)}


REPORT = Report(
    "experiments",
    "Experiments so far",
    rows,
    lambda spec: COLUMNS,
    filters=("experiment", "team"),
    measure=None,
)
