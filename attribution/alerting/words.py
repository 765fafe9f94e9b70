"""What an alert says: who, what, when, how much, and by which rule. Pure: no Django."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from attribution.alerting.levels import BY_NAME, ORGANISATION
from attribution.detectors import DETECTORS
from attribution.detectors.findings import settings_at
from attribution.detectors.words import day_text, money_text, when_text

_SETTINGS = {one.name: one.settings for one in DETECTORS}
# By kind: what the series did, and the rule with the names of its settings.
SAID = {
    "spike": "{who} cost {excess} more than expected {when}",
    "shift": "{who} rose to a new level {when}: {excess} more than before",
    "drift": "{who} creeps up week after week since {onset}: {excess} more than before",
    "drop": "{who} cost {excess} less than expected {when}",
    "new": "{who} is new and cost {actual} {when}",
    "irregular": "{who} cost {excess} more than such work did before, {when}",
    "unit_cost": "{who} costs more for the same use: {excess} more {when}",
}
# Of hours, by estimates.
SAID_OF_HOURS = {
    "burst": "{who} cost {excess} more than expected {when} (estimate)",
    "rolling": "{who} cost {excess} more than expected {when} (estimate)",
    "new": "{who} is new and cost {actual} {when} (estimate)",
}
RULES = {
    "spike": "A day is told that is {z:g} usual errors, {excess:g} in money and {share:.0%} above"
    " what such a day costs (on each of two days in a row, {pair_z:g} errors are enough).",
    "shift": "A new level is told when the mean of five days is {share:.0%}, {excess:g} in money a"
    " day and {z:g} usual errors above the level before, four of the five days up.",
    "drift": "A drift is told when weekly levels grew by {share:.0%} more than before over three or"
    " five weeks ({long_share:.0%} over eight), {excess:g} in money a day and {z:g} usual steps,"
    " most weeks up and none of them most of it.",
    "drop": "A day is told, once its bill is final, that is {z:g} usual errors, {missing:g} in"
    " money and {alone:.0%} below what such a day costs; {share:.0%} on two days in a row.",
    "new": "Something new is told when it costs {daily:g} in money a day on average within its"
    " first {days:g} days.",
    "irregular": "Work that comes and goes is told when a day costs {day:g} times its usual upper"
    " end, a fortnight {fortnight:g} times or a run {run_cost:g} times the dearest before, and"
    " {excess:g} in money more.",
    "burst": "Hours are told when two of three are {z:g} usual errors and {share:.0%} above what"
    " such an hour costs, and {excess:g} in money together; one with {alone:g} errors is enough.",
    "rolling": "Hours are told when 3 or 6 of them together are {short_share:.0%} and"
    " {short_excess:g} in money above what they usually cost, or 24 of them {share:.0%} and"
    " {excess:g}, and that is unusual for the name.",
    "unit_cost": "The cost per unit is told when it rose by {share:.0%}, {z:g} usual errors and"
    " {excess:g} in money a day, on two days in a row (on one with {alone:g} errors).",
}


def who_text(level: str, name: str) -> str:
    """Model rank-v3; All AI."""
    title = BY_NAME[level].title
    return title if level == ORGANISATION else f"{title} {name}"


def title_of(
    level: str, name: str, currency: str, kind: str, onset: date, last: date,
    actual: Decimal, expected: Decimal,
) -> str:  # fmt: skip
    return SAID[kind].format(
        who=who_text(level, name),
        when=when_text(onset, last),
        onset=day_text(onset),
        actual=money_text(actual, currency),
        excess=money_text(abs(actual - expected), currency),
    )


def title_of_hours(
    level: str, name: str, currency: str, kind: str, onset: datetime, until: datetime,
    actual: Decimal, expected: Decimal,
) -> str:  # fmt: skip
    return SAID_OF_HOURS[kind].format(
        who=who_text(level, name),
        when=hours_text(onset, until),
        actual=money_text(actual, currency),
        excess=money_text(abs(actual - expected), currency),
    )


def hours_text(onset: datetime, until: datetime) -> str:
    """from 14:00 to 17:00 UTC on 27 Nov 2026; the second is the end of the last hour."""
    if (until - timedelta(hours=1)).date() == onset.date():
        return f"from {onset:%H:%M} to {until:%H:%M} UTC on {day_text(onset.date())}"
    return (f"from {day_text(onset.date())}, {onset:%H:%M}, to {day_text(until.date())},"
            f" {until:%H:%M} UTC")  # fmt: skip


def rule_of(kind: str, sensitivity: str = "medium") -> str:
    settings = settings_at(_SETTINGS[kind], sensitivity)
    return RULES[kind].format(**vars(settings))
