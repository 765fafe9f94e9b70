"""What stands out on the charts, from lines of a table alone."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.web.events import growth, standouts
from aicost.web.tables import blocks

DAYS = [date(2026, 9, 1) + timedelta(days=n) for n in range(10)]
EVIDENCE = ("measured_cost", "tagged_cost", "inferred_cost", "fallback_cost")


def row(line: str, period: date, cost, **names) -> dict:
    money = dict.fromkeys((*EVIDENCE, "idle_cost"), Decimal(0))
    return (
        {"line": line, "currency": "USD", "period": period, "cost": Decimal(cost)} | money | names
    )


def grouped(rows: list[dict], *group_by: str):
    return blocks(rows, group_by, colour=lambda dimension, value, line: "s1")[0]


def test_it_names_the_days_on_which_a_pool_stands_out():
    """Two days of empty idle are one event; a workload's good day and a usual pool are none."""
    rows = [row("workload", day, 900 if day == DAYS[3] else 100, state="active") for day in DAYS]
    rows += [row("shared", day, 5, state="tax") for day in DAYS]
    rows += [row("shared", DAYS[0], 40, state="support")]
    rows += [row("idle", day, 30, state="empty_idle") for day in DAYS[5:7]]
    told = [event.text("USD") for event in standouts(grouped(rows, "state"), DAYS)]
    assert told == [
        "1\N{NO-BREAK SPACE}Sep: support plan $40",
        "6–7\N{NO-BREAK SPACE}Sep: empty idle $60",
    ]


def test_it_knows_no_usual_day_in_less_than_a_week():
    rows = [row("idle", DAYS[0], 500, state="empty_idle")]
    assert standouts(grouped(rows, "state"), DAYS[:6]) == []


def test_it_names_what_moved_a_month_in_the_direction_of_the_total():
    """Training grew most; serving fell, but the month did not."""
    june, july = date(2026, 6, 1), date(2026, 7, 1)
    rows = [
        row("owned", june, 100, feature="search", activity="inference"),
        row("owned", july, 40, feature="search", activity="inference"),
        row("owned", june, 10, feature="search", activity="training"),
        row("owned", july, 90, feature="search", activity="training"),
        row("idle", july, 20, feature="", activity=""),
    ]
    found = growth(grouped(rows, "feature", "activity"), [june, july])
    assert found == {july: ("search", "training", Decimal(80))}
