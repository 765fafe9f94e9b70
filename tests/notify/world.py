"""Two weeks of a small bill, 9 to 22 November 2026, loaded and attributed like any other.

feature   team        a day, first week   a day, second week
search    relevance   100.10              140.25
answers   support      50.00               45.05
(none)    (none)        5.00                6.00, tagged by nobody: unattributed
"""

from datetime import date, timedelta
from decimal import Decimal
import json
from pathlib import Path

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.spec import LEFT_OUT, Asker, Spec
from ingest.load import load
from tests.ingest.bills import focus_row, write_focus

FIRST = date(2026, 11, 9)
WEEK, BEFORE = Period(date(2026, 11, 16), date(2026, 11, 23)), Period(FIRST, date(2026, 11, 16))
ROWS = (
    ({"feature": "search", "team": "relevance"}, "100.10", "140.25"),
    ({"feature": "answers", "team": "support"}, "50.00", "45.05"),
    ({}, "5.00", "6.00"),
)


def make_fortnight(folder: Path, days: int = 14) -> None:
    rows = []
    for n in range(days):
        day = (FIRST + timedelta(days=n)).isoformat()
        for at, (tags, *costs) in enumerate(ROWS):
            told = json.dumps(tags) if tags else ""
            rows.append(focus_row(f"i-{at}", day, costs[n // 7], Tags=told))
    [result] = load([write_focus(folder / f"november-{days}.csv", *rows)], "cloud")
    assert result.state == "published"
    attribute()


def cost(period: Period, asker: Asker, **filters: tuple[str, ...]) -> Decimal:
    """What `manage.py report cost` says of a period."""
    spec = Spec("cost", period, asker, filters=filters, estimates=LEFT_OUT)
    return sum((row["cost"] for row in run(spec).rows), Decimal(0))
