"""Money that nobody can be named for: an account without tags, or a growing part of the whole.
Facts `account_days`: a row per day and account with its cost and the part that is unattributed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import day_text, money_text

ZERO = Decimal(0)
CENT = Decimal("0.01")
WEEK, BEFORE = 7, 28
Days = dict[date, tuple[Decimal, Decimal]]


@dataclass(frozen=True)
class UntaggedSettings:
    share: float = setting(0.8, "part of an account that is unattributed", low=0.9, high=0.6)
    cost: float = setting(100, "money it is in four weeks", low=300, high=50)
    grown: float = setting(0.03, "part of all AI by which the unattributed part grew")
    rise: float = setting(0.3, "part by which it grew against the four weeks before")


def run(rows: list[Mapping], settings: UntaggedSettings) -> Iterator[Noticed]:
    """Accounts first; the whole only where no account says it."""
    through = max((row["period"] for row in rows), default=None)
    by_account: dict[tuple, Days] = defaultdict(dict)
    whole: dict[str, Days] = defaultdict(dict)
    for row in rows:
        figures = (row["cost"], row["unattributed"])
        by_account[row["account"], row["currency"]][row["period"]] = figures
        before = whole[row["currency"]].get(row["period"], (ZERO, ZERO))
        whole[row["currency"]][row["period"]] = (before[0] + figures[0], before[1] + figures[1])
    for (account, currency), days in by_account.items():
        if account:
            yield from _account(account, currency, days, through, settings)
    for currency, days in whole.items():
        yield from _whole(currency, days, through, settings)


def _summed(days: Days, last: date, count: int) -> tuple[Decimal, Decimal]:
    chosen = [days.get(last - timedelta(days=k), (ZERO, ZERO)) for k in range(count)]
    return sum((one[0] for one in chosen), ZERO), sum((one[1] for one in chosen), ZERO)


def _account(account, currency, days: Days, through: date, settings) -> Iterator[Noticed]:
    cost, unattributed = _summed(days, through, BEFORE)
    share = Decimal(str(settings.share))
    if cost <= 0 or unattributed < settings.cost or unattributed < cost * share:
        return
    onset = last = max(days)
    for day in sorted(days, reverse=True):
        if days[day][1] < days[day][0] * share:
            break
        onset = day
    actual = sum((days[day][1] for day in days if onset <= day <= last), ZERO)
    yield Noticed(
        "account", account, currency, "untagged", onset, last, last, ZERO, actual,
        f"Nobody can be named for account {account} since {day_text(onset)}:"
        f" {money_text(actual, currency)} unattributed",
        f"An account is told of of which {settings.share:.0%} or more is unattributed, for"
        f" {settings.cost:g} or more in four weeks.",
    )  # fmt: skip


def _whole(currency, days: Days, through: date, settings) -> Iterator[Noticed]:
    cost, now = _summed(days, through, WEEK)
    cost_before, before = _summed(days, through - timedelta(days=WEEK), BEFORE)
    if cost <= 0 or cost_before <= 0:
        return
    expected = (cost * before / cost_before).quantize(CENT)
    grew = now - expected
    enough = grew >= cost * Decimal(str(settings.grown))
    if enough and grew >= expected * Decimal(str(settings.rise)) and grew * 4 >= settings.cost:
        onset = through - timedelta(days=WEEK - 1)
        yield Noticed(
            "organisation", "", currency, "untagged", onset, through, through, expected, now,
            f"More money without a name: {money_text(grew, currency)} more in a week than before",
            f"The unattributed part is told of when it grew by {settings.grown:.0%} of all AI and"
            f" by {settings.rise:.0%} of itself, a week against the four weeks before.",
        )  # fmt: skip


DETECTOR = Detector(
    "untagged", "Spend that nobody can be named for", "facts", UntaggedSettings, run,
    facts="account_days",
)  # fmt: skip
