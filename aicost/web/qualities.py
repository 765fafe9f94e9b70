"""What pages say of report `quality`: planes that may be compared, standings, the last gain."""

from collections.abc import Sequence
from dataclasses import dataclass

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.frontier import Mark, score_text
from aicost.web.units import THOUSAND, per_thousand
from attribution.quality import LOWER
from attribution.reports.spec import Answer


@dataclass(frozen=True)
class Plane:
    """Rows of one base model by one measure on one data set, in one currency, the best first."""

    base_model: str
    measure: str
    dataset: str
    currency: str
    rows: tuple[dict, ...]

    @property
    def lower(self) -> bool:
        return self.rows[0]["better"] == LOWER

    @property
    def known(self) -> list[dict]:
        return [row for row in self.rows if row["standing"]]

    @property
    def leader(self) -> dict | None:
        return next((row for row in self.rows if row["leads_since"]), None)

    @property
    def on(self) -> str:
        return f"{self.measure} on {self.dataset}" if self.dataset else self.measure

    def has(self, model: str) -> bool:
        return any(model in (row["model"], row["base_model"]) for row in self.rows)

    def marks(self, model: str = "") -> list[Mark]:
        return [
            Mark(
                version_name(row, model),
                row["marginal_cost_per_inference"] * THOUSAND,
                row["score"],
                row["standing"] == "frontier",
                bool(row["requests"]),
                bool(row["leads_since"]),
                f"{version_name(row, model)}: {score_text(row['score'])} {self.measure}, "
                f"{per_thousand(row['marginal_cost_per_inference'], self.currency)} per 1k "
                f"inferences; {standing(row)}",
            )
            for row in self.known
        ]


def quality_of(ask: Ask) -> Answer:
    """Report `quality` of all models: a score is of all who call the version, so the view's
    filters do not narrow it."""
    return ask.report("quality", group_by=(), filters={}, idle="shown", shared="shown")


def planes(ask: Ask) -> list[Plane]:
    """Planes with the most versions first; one a currency, each with the versions of no cost."""
    grouped: dict[tuple, list[dict]] = {}
    for row in quality_of(ask).rows:
        key = (row["base_model"], row["measure"], row["dataset"])
        grouped.setdefault(key, []).append(row)
    found = []
    for key, rows in grouped.items():
        currencies = sorted({row["currency"] for row in rows if row["currency"]}) or [""]
        for currency in currencies:
            own = tuple(row for row in rows if row["currency"] in (currency, None))
            found.append(Plane(*key, currency, own))
    return sorted(found, key=lambda p: (-len(p.known), p.base_model, p.measure, p.dataset))


def planes_of(ask: Ask, model: str) -> list[Plane]:
    return [plane for plane in planes(ask) if plane.has(model)]


def version_name(row: dict, model: str = "") -> str:
    """v3.2, with its model in front where that is not the page's."""
    name = row["model_version"] or "any version"
    return name if row["model"] == (model or row["model"]) else f"{row['model']} {name}"


def standing(row: dict) -> str:
    if row["score"] is None:
        return "not scored"
    if not row["standing"]:
        return "cost unknown"
    return "on the frontier" if row["standing"] == "frontier" else f"beaten by {row['beaten_by']}"


def gained(row: dict) -> str:
    """+0.86 points, from the report's `gained_points`."""
    value = row["gained_points"]
    text = numbers.change(value, places=2)
    return f"{text} {'point' if abs(value) == 1 else 'points'}"


def last_gain(plane: Plane, model: str = "") -> dict:
    """The sentence of the last gain: parts of (text, strong)."""
    row = plane.leader
    if row is None:
        text = "Not enough data: the version with most inferences has no score."
        return {"parts": [(text, False)]}
    if row["gained_points"] is None:
        return {"parts": [(f"Not enough data: {row['reason']}.", False)]}
    name, before = version_name(row, model), row["leads_after"]
    parts = [(f"{before} to {name} brought {gained(row)} of {plane.measure}", False)]
    monthly = row["gain_cost_per_month"]
    if monthly is None:
        return {"parts": [*parts, (f". What a point cost is unknown: {row['reason']}.", False)]}
    if monthly > 0:
        change = numbers.change(monthly, plane.currency, 0)
        parts.append((f" for {change} a month at this period’s inferences: ", False))
    else:
        saved = numbers.money(-monthly, plane.currency, 0)
        parts.append((f" and costs {saved} less a month at this period’s inferences: ", False))
    if row["gain_cost_per_point"] is not None:
        each = numbers.unit_money(row["gain_cost_per_point"], plane.currency)
        parts.append((f"{each} a month for a point", True))
    else:
        parts.append((row["reason"], True))
    return {"parts": [*parts, (".", False), *_cheaper(plane, row, model)]}


def _cheaper(plane: Plane, leader: dict, model: str) -> Sequence[tuple[str, bool]]:
    """What one would give up for less money: the best version on the frontier that costs less."""
    each = leader["marginal_cost_per_inference"]
    below = [
        row for row in plane.known
        if row["standing"] == "frontier" and each and row["marginal_cost_per_inference"] < each
        and row is not leader
    ]  # fmt: skip
    if not below:
        return []
    other = below[0]
    saved = numbers.percent(each - other["marginal_cost_per_inference"], each, 0)
    name, score = version_name(other, model), score_text(other["score"])
    return [(f" {name} scores {score} and would cost {saved} less.", False)]


def best_of(ask: Ask) -> dict[str, tuple[dict, Plane]]:
    """model -> the row that says its quality: of the version that leads, else its best; by the
    measure with most versions."""
    found: dict[str, tuple[dict, Plane]] = {}
    for plane in planes(ask):
        scored = [row for row in plane.rows if row["score"] is not None]
        for row in sorted(scored, key=lambda row: row["leads_since"] is None):
            found.setdefault(row["model"], (row, plane))
    return found


def days_of(row: dict, ask: Ask) -> str:
    """The days its cost is of, where they lie before the period."""
    through = row["cost_through"]
    if through is None or through >= ask.period.start:
        return ""
    return f"to {numbers.day(through)}"
