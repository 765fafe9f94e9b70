"""Random questions through MCP: every answer adds up to the report's own rows, to the last digit,
however much of it is folded, and none holds a name that its asker may not see."""

from datetime import date, timedelta
from decimal import Decimal
import json
import random

import pytest

from aicost.accounts.people import add_user
from aicost.accounts.scope import asker_of
from aicost.api.mcp.base import Reader
from aicost.api.mcp.server import call
from aicost.kernel.periods import Period
from attribution.reports import named, run
from attribution.reports.spec import Spec, is_charge_dimension
from tests.attribution.world import build
from tests.web.world import PASSWORD

pytestmark = pytest.mark.django_db
QUESTIONS = 60
FIRST = date(2026, 8, 1)
VALUES = {"team": ["a", "b"], "feature": ["search", "assistant"], "kind": ["idle", "workload"],
          "model": ["rank-v1", "rank*"], "service": ["Bucket", ""], "evidence": ["measured"],
          "activity": ["inference", "storage"], "environment": [""]}  # fmt: skip
# What only team b has; who sees team a alone must not meet it.
THEIRS = ("assistant", '"b"', "Gadgets", "Tax", "| b |")


@pytest.fixture
def people(db):
    build()
    return {
        "all": add_user("all", PASSWORD, role="finance"),
        "a": add_user("a", PASSWORD, role="finance", teams=["a"]),
    }


def ask(user, name: str, arguments: dict):
    return call(lambda: Reader.of(user, asker_of(user)), name, arguments)


def drawn(dice: random.Random, report: str) -> tuple[Period, dict]:
    """A period and arguments that the report can be asked with."""
    known = named(report)
    groups = [name for name in known.groups if not name.startswith("tag:")]
    groups = [n for n in groups if not is_charge_dimension(n) and n != "begun_or_ended"]
    start = FIRST + timedelta(days=dice.randrange(40))
    period = Period(start, start + timedelta(days=dice.randint(1, 60)))
    filters = dice.sample([name for name in VALUES if name in known.filters], dice.randrange(3))
    arguments = {
        "group_by": dice.sample(groups, dice.randrange(4)),
        "filters": {name: dice.choice(VALUES[name]) for name in filters},
        "rows_max": dice.choice([1, 3, 20]),
    }
    return period, arguments


def exact(row: dict, column: str) -> Decimal:
    return Decimal(row.get("exact", {}).get(column, row[column]))


@pytest.mark.parametrize("who", ["all", "a"])
def test_costs_add_up_to_the_report(people, who):
    user, dice, answered = people[who], random.Random(f"mcp {who}"), 0
    for _ in range(QUESTIONS):
        period, arguments = drawn(dice, "cost")
        pools = {"spread_idle": dice.random() < 0.3, "spread_shared": dice.random() < 0.3}
        basis = dice.choice(["effective", "billed"])
        days = {"period": f"{period.start}..{period.end}", "basis": basis}
        answer = ask(user, "query_costs", {**days, **arguments, **pools})
        if answer.is_error:  # a value that this asker does not see
            assert "that you may see" in answer.content[0].text
            continue
        spec = Spec("cost", period, asker_of(user), group_by=tuple(arguments["group_by"]),
                    filters={k: (v,) for k, v in arguments["filters"].items()}, basis=basis,
                    idle="spread" if pools["spread_idle"] else "shown",
                    shared="spread" if pools["spread_shared"] else "shown")  # fmt: skip
        rows, made = run(spec).rows, answer.structured_content
        known = sum(row["cost"] for row in rows)
        told = sum(exact(row, "cost") for row in (*made["rows"], *made["others"]))
        assert told == known, arguments
        assert sum(exact(one, "cost") for one in made["total"]) == known
        assert len(made["rows"]) + sum(one["rows"] for one in made["others"]) == len(rows)
        assert who == "all" or not theirs_in(answer, arguments)
        answered += 1
    assert answered > QUESTIONS / 4


@pytest.mark.parametrize("who", ["all", "a"])
def test_drivers_add_up_to_the_change(people, who):
    user, dice = people[who], random.Random(f"drivers {who}")
    for _ in range(QUESTIONS // 3):
        period, arguments = drawn(dice, "bridge")
        answer = ask(user, "compare_periods", {
            "period": f"{period.start}..{period.end}", "against": "2026-08-01..2026-08-15",
            "drivers_max": dice.randrange(5), **arguments})  # fmt: skip
        if answer.is_error:
            assert "that you may see" in answer.content[0].text
            continue
        made = answer.structured_content
        change = sum(exact(one, "delta") for one in made["total"])
        rows = sum(exact(row, "delta") for row in (*made["rows"], *made["others"]))
        causes = sum(Decimal(one["exact"]) for one in made.get("drivers", ()))
        assert rows == change == causes, arguments
        assert who == "all" or not theirs_in(answer, arguments)


def theirs_in(answer, arguments: dict) -> list[str]:
    """What the answer holds of others, beyond what was asked."""
    told = json.dumps(answer.structured_content, ensure_ascii=False) + answer.content[0].text
    return [word for word in THEIRS if word in told and word not in json.dumps(arguments)]
