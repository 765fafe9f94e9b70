"""The daily files, read by another program, say what the report says, whatever is summed."""

from datetime import timedelta
from decimal import Decimal
import os
import random

import pytest

from aicost.files.destinations import add
from aicost.files.export import export
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.bi import world
from tests.files.reading import ask

CASES = int(os.environ.get("AICOST_SURFACE_CASES", "60"))
ZERO = Decimal(0)


@pytest.mark.django_db(transaction=True)
def test_the_daily_files_hold_the_same(tmp_path, settings):
    settings.AICOST_HOME = tmp_path
    world.build()
    done = export(add("lake", str(tmp_path / "exports" / "lake"), {}, ["cost"]))
    assert done.state == "done", done.message
    chosen = random.Random(301)
    for _ in range(CASES):
        start = world.FIRST + timedelta(days=chosen.randrange(40))
        period = Period(start, start + timedelta(days=chosen.randrange(1, 40)))
        by = chosen.choice(("feature", "model", "team", "service", "kind", "layer", "account"))
        basis = chosen.choice(("effective", "billed"))
        rows = run(Spec("cost", period, Asker("admin"), group_by=(by,), basis=basis)).rows
        told: dict = {}
        for row in rows:
            key = (row[by] or "", row["currency"])
            told[key] = told.get(key, ZERO) + row["cost"]
        days = f"usage_date >= '{period.start}' and usage_date < '{period.end}'"
        found = ask(tmp_path / "exports" / "lake", "cost",
                    f"coalesce({by}, ''), currency, sum({basis}_cost)",
                    f"where {days} group by 1, 2")  # fmt: skip
        assert {(name, currency): cost for name, currency, cost in found if cost} == {
            key: cost for key, cost in told.items() if cost
        }, (period, by, basis)
