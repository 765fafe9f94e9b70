"""Twenty days of one feature, for tests of what is said of names.

10 a day of feature search (team a) on 1–20 September 2026, and 1 a day of nobody: 220 in all.
"""

from datetime import date, timedelta

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.entities.changes import By
from attribution.reports import run
from attribution.reports.spec import Answer, Asker, Spec
from tests.attribution.ledger import charge

SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
MID = date(2026, 9, 11)
FINANCE = Asker("finance")
BY = By(reason="test")


def build_twenty_days() -> None:
    for n in range(20):
        day = date(2026, 9, 1) + timedelta(days=n)
        charge("10", day=day, tags={"team": "a", "feature": "search"}, service_name="Bucket")
        charge("1", day=day, service_name="Gadgets")
    attribute()


def ask(*group_by: str, period: Period = SEPTEMBER, asker: Asker = FINANCE, **more) -> Answer:
    return run(Spec("cost", period, asker, group_by=group_by, **more))


def table(answer: Answer, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in answer.rows]
