"""Cost against quality: every scored version with what a call of it costs, which version beats it,
and what the last gain in quality costs a month and a point. See attribution.quality for formulas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
import json

from aicost.kernel.money import QUANTUM
from attribution.measures import better_of
from attribution.quality import LOWER, Point, beaten_by, per_point, points
from attribution.reports.base import Report, binds, fetch, pick
from attribution.reports.spec import Spec
from attribution.reports.unit_cost import per_unit

LOOK_BACK_DAYS, MONTH_DAYS = 180, 30
FRONTIER, BEATEN = "frontier", "beaten"
UNSCORED = "no score of this measure and data set"
COLUMNS = (
    "base_model", "model", "model_version", "experiment", "measure", "dataset", "better", "score",
    "scored_on", "currency", "requests", "marginal_cost", "idle_cost", "loaded_cost",
    "requests_alone", "cost_from", "cost_through", "marginal_cost_per_inference",
    "loaded_cost_per_inference", "standing", "beaten_by", "leads_since", "leads_after",
    "gained_points", "gain_cost_per_month", "gain_cost_per_point", "reason",
)  # fmt: skip
SAME = ("base_model", "measure", "dataset")
MONEY = ("marginal_cost", "idle_cost")


@dataclass
class Group:
    """What can be compared: versions of one base model by one measure on one data set."""

    rows: list[dict]
    calls: list[dict]
    spec: Spec

    def fill(self) -> None:
        """Standing of every row, and the gain on the row of the version that leads."""
        for currency in {row["currency"] for row in self.rows}:
            self._stand([row for row in self.rows if row["currency"] == currency])
        for row in self.rows:
            if row["leads"]:
                self._gain(row)

    def _stand(self, rows: list[dict]) -> None:
        known = [
            row for row in rows
            if row["marginal_cost_per_inference"] is not None and row["score"] is not None
        ]  # fmt: skip
        found = [
            Point(_version(row), row["marginal_cost_per_inference"], row["score"]) for row in known
        ]
        standing = beaten_by(found, rows[0]["better"])
        for row in known:
            better = standing[_version(row)]
            row["standing"] = BEATEN if better else FRONTIER
            row["beaten_by"] = _named(better, row["model"]) if better else ""

    def _gain(self, row: dict) -> None:
        """Price effect alone: what a call costs more, times the calls of a month as they are."""
        before = (row["before_model"], row["before_version"])
        old = next(
            (r for r in self.rows if _version(r) == before and r["currency"] == row["currency"]),
            None,
        )
        row["leads_since"] = row["led_from"]
        row["leads_after"] = _named(before, row["model"]) if before[0] else ""
        row["gain_reason"] = self._lacking(row, old)
        if old is None or row["score"] is None or old["score"] is None:
            return
        gained = points(row["score"], old["score"], row["better"], row["is_share"])
        row["gained_points"] = gained
        each, was = row["marginal_cost_per_inference"], old["marginal_cost_per_inference"]
        monthly = self._monthly_calls()
        if each is None or was is None or not monthly:
            return
        row["gain_cost_per_month"] = ((each - was) * monthly).quantize(QUANTUM)
        if not row["gain_reason"]:
            row["gain_cost_per_point"] = per_point(row["gain_cost_per_month"], gained)

    def _lacking(self, row: dict, old: dict | None) -> str:
        """Why no money can be put on a point; '' when it can."""
        before, each = row["leads_after"], row["marginal_cost_per_inference"]
        if row["score"] is None:
            return UNSCORED
        if not before:
            return "no other version led before it"
        if old is None or old["score"] is None:
            return f"{before}, which led before it, has {UNSCORED}"
        if each is None:
            return row["reason"]
        if old["marginal_cost_per_inference"] is None:
            return f"what a call of {before} cost is unknown: {old['reason']}"
        if not self._monthly_calls():
            return "no call in this period"
        if points(row["score"], old["score"], row["better"], row["is_share"]) <= 0:
            return f"its score is no better than that of {before}"
        if each <= old["marginal_cost_per_inference"]:
            return f"it is better than {before} and costs no more"
        return ""

    def _monthly_calls(self) -> Decimal:
        """Calls of all versions in the period, brought to MONTH_DAYS days; the days of the period
        end with the last call."""
        told = [row for row in self.calls if row["requests"]]
        if not told:
            return Decimal(0)
        last = max(row["last_call"] for row in told)
        days = (last - self.spec.period.start).days + 1
        return Decimal(sum(row["requests"] for row in told)) * MONTH_DAYS / days


def rows(spec: Spec) -> list[dict]:
    """One row a version, measure, data set and currency, the best of each group first, and last
    those that answer calls and have no score."""
    since = min(spec.period.start, spec.period.end - timedelta(days=LOOK_BACK_DAYS))
    versions = fetch("quality", binds(spec) | {"since": since})
    told = {_version(row): row for row in versions}
    scores = [score for row in told.values() for score in _scores(row)]
    costs = [row for row in versions if row["last_call"]]
    by_version: dict[tuple, list[dict]] = {}
    for row in costs:
        by_version.setdefault(_version(row), []).append(row)
    grouped: dict[tuple, list[dict]] = {}
    for score in scores:
        key = (score["base_model"], score["measure"], score["dataset"])
        for cost in by_version.get(_version(score), ()) or _whole(score, costs):
            grouped.setdefault(key, []).append(_row(score, cost))
    found = []
    for key in sorted(grouped):
        calls = {_version(c): c for c in costs if c["base_model"] == key[0]}
        grouped[key] += _unscored(grouped[key], costs)
        Group(grouped[key], list(calls.values()), spec).fill()
        found += sorted(grouped[key], key=_best_first)
    for row in found:
        row["reason"] = row["reason"] or row["gain_reason"]
    return pick(found, COLUMNS)


def _scores(row: dict) -> Iterable[dict]:
    """The scores of a version; Django's cursors leave jsonb as text, where decimals are exact."""
    told = row["scores"]
    for one in json.loads(told) if isinstance(told, str) else told or ():
        yield one | {
            "base_model": row["base_model"],
            "model": row["model"],
            "model_version": row["model_version"],
            "score": Decimal(one["score"]),
            "scored_on": date.fromisoformat(one["scored_on"]),
        }


def _unscored(rows: list[dict], costs: Iterable[dict]) -> list[dict]:
    """The versions of the same base model that answer calls and are not among the rows; none
    where a score stands for all versions."""
    first, scored = rows[0], {_version(row) for row in rows}
    nothing = {"experiment": "", "score": None, "scored_on": None}
    same = {name: first[name] for name in (*SAME, "is_share", "told_better")}
    return [
        _row(_named_of(cost) | same | nothing, cost) | {"reason": UNSCORED}
        for cost in costs
        if cost["base_model"] == first["base_model"]
        and not {_version(cost), (cost["model"], "")} & scored
    ]


def _named_of(cost: dict) -> dict:
    return {"model": cost["model"], "model_version": cost["model_version"]}


def _version(row: dict) -> tuple[str, str]:
    return row["model"], row["model_version"]


def _named(version: tuple[str, str], model: str) -> str:
    """v3.2, with its model in front where it is another one."""
    of, name = version
    return (name or of) if of == model else f"{of} {name}".rstrip()


def _whole(score: dict, costs: Iterable[dict]) -> list[dict]:
    """The costs that a score without a call of its version stands beside: of a score that names
    no version all versions of the model, else nothing."""
    same = [row for row in costs if row["model"] == score["model"]]
    if score["model_version"] or not same:
        return [{}]
    found = []
    for currency in sorted({row["currency"] for row in same if row["currency"]}) or [None]:
        of = [row for row in same if row["currency"] == currency]
        summed = {name: _sum(row[name] for row in of) for name in (*MONEY, "requests_alone")}
        days = [row for row in of if row["cost_from"]]
        found.append(
            summed
            | {
                "currency": currency,
                "requests": _sum(row["requests"] for row in of),
                "cost_from": min((row["cost_from"] for row in days), default=None),
                "cost_through": max((row["cost_through"] for row in days), default=None),
            }
        )
    return found


def _sum(values: Iterable) -> Decimal | int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _row(score: dict, cost: dict) -> dict:
    """A score beside the cost of its version; {} is a version that no call names."""
    marginal = loaded = None
    if cost.get("currency") and cost["requests_alone"]:
        marginal = cost["marginal_cost"] or Decimal(0)
        loaded = marginal + (cost["idle_cost"] or Decimal(0))
    alone = cost.get("requests_alone")
    row = dict.fromkeys(COLUMNS) | {"leads": False, "gain_reason": ""}
    row |= {name: cost.get(name) for name in cost} | score
    return row | {
        "better": better_of(score["measure"], score["told_better"]),
        "marginal_cost": marginal,
        "idle_cost": None if marginal is None else cost["idle_cost"] or Decimal(0),
        "loaded_cost": loaded,
        "marginal_cost_per_inference": per_unit(marginal, alone),
        "loaded_cost_per_inference": per_unit(loaded, alone),
        "standing": "",
        "beaten_by": "",
        "leads_after": "",
        "reason": "" if marginal is not None else _unknown(score, cost),
    }


def _unknown(score: dict, cost: dict) -> str:
    name = score["model_version"] or score["model"]
    if not cost or not cost.get("last_call", True):
        return f"no call names {name}"
    return f"no day on which {name} has cost and shares its workload with no other version"


def _best_first(row: dict) -> tuple:
    if row["score"] is None:
        return True, -(row["requests"] or 0), Decimal(0), _version(row)
    score = row["score"] if row["better"] == LOWER else -row["score"]
    return False, score, row["marginal_cost_per_inference"] or Decimal(0), _version(row)


REPORT = Report(
    "quality",
    "Cost against quality",
    rows,
    lambda spec: COLUMNS,
    filters=("model", "base_model"),
)
