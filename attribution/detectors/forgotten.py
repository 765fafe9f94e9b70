"""What costs and is used by nobody: experiments that ended, models nobody calls.

Facts `experiments`: rows of report `experiments` with the cost of the days since it was last used
(`since`, `cost_since`, `day`). Facts `called_models`: per model what serving it cost and when it
was last called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text


@dataclass(frozen=True)
class ForgottenSettings:
    days: int = setting(7, "days without use", low=10, high=5)
    cost: float = setting(50, "money it cost since", low=200, high=20)


@dataclass(frozen=True)
class UncalledSettings:
    days: int = setting(14, "days without a call", low=21, high=7)
    cost: float = setting(50, "money serving it cost meanwhile", low=200, high=20)


def forgotten(rows: list[Mapping], settings: ForgottenSettings) -> Iterator[Noticed]:
    """Experiments without use that still cost; one that was retired needs no waiting."""
    for row in rows:
        quiet = row["quiet_days"]
        waited = row["retired"] or (quiet is not None and quiet >= settings.days)
        if not row["still_costs"] or not waited or row["cost_since"] < settings.cost:
            continue
        name, since = row["experiment"], row["since"]
        said = "was retired" if row["retired"] else "has not been used"
        yield Noticed(
            "experiment", name, row["currency"], "forgotten_experiment", since, row["day"],
            row["day"], row["cost_since"] * 0, row["cost_since"],
            f"Experiment {name} {said} and still costs:"
            f" {money_text(row['cost_since'], row['currency'])} since {day_text(since)}",
            f"An experiment is told of that nobody used for {settings.days} days, or that was"
            f" retired, and that cost {settings.cost:g} or more since it was last used.",
        )  # fmt: skip


def uncalled(rows: list[Mapping], settings: UncalledSettings) -> Iterator[Noticed]:
    """Models that were called once, are still served, and are called no more."""
    for row in rows:
        if row["last_call"] is None or (row["day"] - row["last_call"]).days < settings.days:
            continue
        onset = row["last_call"] + timedelta(days=1)
        if row["cost_since"] < settings.cost:
            continue
        yield Noticed(
            "model", row["model"], row["currency"], "uncalled_model", onset, row["day"], row["day"],
            row["cost_since"] * 0, row["cost_since"],
            f"Nobody has called {row['model']} since {day_text(row['last_call'])}: serving it cost"
            f" {money_text(row['cost_since'], row['currency'])}",
            f"A model is told of that nobody called for {settings.days} days while serving it cost"
            f" {settings.cost:g} or more.",
        )  # fmt: skip


FORGOTTEN = Detector(
    "forgotten_experiment", "An experiment that ended and still costs", "facts",
    ForgottenSettings, forgotten, facts="experiments",
)  # fmt: skip
UNCALLED = Detector(
    "uncalled_model", "A model that nobody calls", "facts", UncalledSettings, uncalled,
    facts="called_models",
)  # fmt: skip
