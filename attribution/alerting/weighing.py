"""How much an alert matters, and whether people are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from attribution.alerting.levels import BY_NAME, Scope
from attribution.detectors.findings import Noticed, setting
from attribution.models.alerts import CRITICAL, MAJOR, MINOR

MONTH_DAYS = 30
DROP = "drop"


@dataclass(frozen=True)
class AlertSettings:
    least: float = setting(20, "money an alert must be about")
    of_month: float = setting(0.0025, "part of what its name cost in 30 days, if that is more")
    leaf: float = setting(100, "money from which a leaf is told to people")
    critical: float = setting(10_000, "money a month from which it is critical")
    of_budget: float = setting(0.1, "part of its monthly budget from which it is critical")
    major: float = setting(1_000, "money a month from which it is major")
    share_of_parent: float = setting(0.67, "part of the excess with which a deeper name tells it")
    lies_in: float = setting(0.5, "part of its cost with which a name lies within another")
    near_days: int = setting(2, "days within which two alerts began together")
    again: float = setting(2, "times the impact last told at which it is told again")
    normal_days: int = setting(3, "normal days after which it is resolved")
    close_days: int = setting(14, "days after its last day at which it is closed")
    fresh_days: int = setting(4, "days since it was raised within which people are told")


SETTINGS = AlertSettings()


def decimal(value: float) -> Decimal:
    """A setting in decimals, as it is written."""
    return Decimal(str(value))


def weight(one: Noticed) -> Decimal:
    """The money it is about: its excess, or where nothing is expected all of it; below 0 for what
    is missing."""
    found = one.excess if one.excess is not None else one.actual
    return Decimal(0) if found is None else found


def monthly(one: Noticed) -> Decimal | None:
    """What it comes to in 30 days: once for what passes, day after day for what goes on."""
    if one.excess is None and one.actual is None:
        return None
    if not one.goes_on:
        return weight(one)
    return (weight(one) * MONTH_DAYS / one.days).quantize(Decimal("0.01"))


def percent(one: Noticed) -> Decimal | None:
    """The excess of what was expected, in per cent; None where nothing was."""
    if one.excess is None or not one.expected:
        return None
    share = (one.excess / one.expected * 100).quantize(Decimal("0.0001"))
    return share if abs(share) < Decimal(10) ** 15 else None


def passes(one: Noticed, month: Decimal) -> bool:
    """Whether it is about enough money: of a scope that cost `month` in 30 days. What is in no
    money passes by its own rule."""
    if one.excess is None and one.actual is None:
        return True
    least = max(decimal(SETTINGS.least), decimal(SETTINGS.of_month) * month)
    return abs(weight(one)) >= least


def severity(one: Noticed, budgets: Mapping[Scope, Decimal]) -> str:
    """By what it comes to in a month."""
    impact = monthly(one) or Decimal(0)
    if impact < 0 and one.kind != DROP:
        return MINOR  # money that is saved; what is missing may be an outage
    impact = abs(impact)
    budget = budgets.get(Scope(one.level, one.name, one.currency))
    if impact >= decimal(SETTINGS.critical):
        return CRITICAL
    if budget and impact >= budget * decimal(SETTINGS.of_budget):
        return CRITICAL
    return MAJOR if impact >= decimal(SETTINGS.major) else MINOR


def is_told(one: Noticed) -> tuple[bool, str]:
    """Whether people are told, were it alone, and why (not)."""
    level = BY_NAME[one.level]
    if not level.leaf:
        return True, f"{level.title} is a level people are told of"
    large = abs(weight(one)) >= decimal(SETTINGS.leaf)
    if large and one.sure:
        return True, f"{level.title}: large, and clear at low sensitivity too"
    why = "not clear at low sensitivity" if large else f"less than {SETTINGS.leaf:g} in money"
    return False, f"only listed: {level.title.lower()} is a leaf, and this is {why}"
