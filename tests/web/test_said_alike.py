"""Figures that mean one thing are said alike: idle, changes, sums, months that are not over."""

from datetime import date
from decimal import Decimal
import re

import pytest

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.colours import SERIES
from aicost.web.explored import drawn
from aicost.web.figures import Axis, Stack, lines
from aicost.web.parts import cut_steps
from aicost.web.tables import Block, Line, blocks, shorten
from tests.web.test_unit_pages import text
from tests.web.world import QUERY

D = Decimal


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ("11", "1", "+1,000.0%"),
        ("132", "1", "×132"),
        ("5000", "1", "×1,000 or more"),
        ("50", "-1", ">+1,000%"),
        ("1", "0", "new"),
    ],
)
def test_a_change_beyond_a_thousand_per_cent_is_a_multiple(now, before, said):
    assert numbers.change_percent(D(now), D(before)) == said


def test_cents_of_the_parts_need_not_be_those_of_the_sum():
    """Three times 0.334 is 1.00 in cents, of which the parts show 0.99."""
    lines = [Line(("owned", str(n)), (str(n),), "owned", cost=D("0.334")) for n in range(3)]
    total = Line(("total",), ("Total",), "total", cost=D("1.002"))
    assert Block("USD", lines, total).rounding == D("0.01")


def test_a_step_of_which_there_is_a_part_says_its_days():
    span = Period(date(2026, 9, 10), date(2026, 11, 27))
    assert cut_steps(span, "month") == {
        date(2026, 9, 1): "from 10 Sep",
        date(2026, 11, 1): "to 26 Nov",
    }
    assert cut_steps(Period(date(2026, 9, 1), date(2026, 11, 1)), "month") == {}
    assert cut_steps(span, "day") == {}


@pytest.mark.django_db
def test_small_charts_mark_a_week_that_is_not_over(visit, costs):
    """2 September 2026 is a Wednesday: a bar of three days looks like a fall."""
    own = f"{QUERY}&feature=search"
    shape = visit("finance", f"/figures/feature/layers.json?{own}").json()
    assert shape["data"][0]["marker"]["pattern"]["shape"] == [""] * 11 + ["/"]
    assert shape["layout"]["xaxis"]["ticktext"][-1] == "31 Aug<br>to 2 Sep"
    shown = visit("finance", f"/panels/feature/layers/?{own}").content.decode()
    assert "part of a week</span>" in shown and "31 Aug, to 2 Sep" in shown
    line = lines([Stack("a", "s1", {date(2026, 8, 24): D(1), date(2026, 8, 31): D(2)})],
                 [date(2026, 8, 24), date(2026, 8, 31)],
                 Axis("week", "USD", cut={date(2026, 8, 31): "to 2 Sep"}))  # fmt: skip
    assert line["layout"]["annotations"][0]["text"] == "○"


def test_chart_and_table_name_as_many_others_in_as_many_colours():
    """Of twelve resources in two colours and one that is gone, both show eight and four others."""

    def row(name: str, cost: int) -> dict:
        evidence = ("measured_cost", "tagged_cost", "inferred_cost", "fallback_cost")
        named = {"resource": name, "line": "owned", "currency": "USD", "idle_cost": D(0)}
        return named | {"cost": D(cost), "period": date(2026, 9, 1)} | dict.fromkeys(evidence)

    def two(dimension: str, value: str, line: str = "owned") -> str:
        return SERIES[len(value) % 2]

    now, gone = [row("i-" + "x" * n, 40 - n) for n in range(12)], [row("i-old", 9)]
    by = {"group_by": ("resource",), "colour": two}
    layers = drawn(blocks(now, **by)[0])
    assert len({x.swatch for x in layers}) == len(layers) == 9
    assert layers[-1].name == "4 others"
    table = shorten(blocks(now, before=gone, **by)[0], 9)
    assert table.lines[-1].names[0] == "4 others, 1 without cost now"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("/explore/?group=feature&", "Idle, no feature"),
        ("/models/?", "Idle, no model"),
        ("/teams/?", "Idle, no team"),
        ("/layers/?", "Idle, no layer"),
    ],
)
def test_every_table_says_how_its_idle_makes_all_idle(visit, costs, address, line):
    """All idle is 30.00 whatever the table is by: 20 of search and its ranker, 10 of nobody."""
    page = text(visit("finance", f"{address}{QUERY}").content.decode())
    assert "All idle $30.00: own idle $20.00 inside the rows, $10.00 on the line " + line in page
    assert line.lower() in page[page.index("Every cent") :]
    overview = text(visit("finance", f"/?{QUERY}").content.decode())
    assert re.search(r"All idle .*? \$30 ?\.00", overview)
    assert "$20 own idle of features, $10 of no feature" in overview
