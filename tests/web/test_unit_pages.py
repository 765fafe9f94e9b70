"""What a unit costs and why cost moved, as pages tell it: the figures of the reports, in words."""

from decimal import Decimal
import html
import re

import pytest

from aicost.web.causes import causes, summed, told
from aicost.web.numbers import MINUS
from aicost.web.waterfall import Step, announced, spans, waterfall
from attribution.drivers import EFFECTS
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.attribution.bridge_world import SEPTEMBER, build

D = Decimal
QUERY = "from=2026-09-01&to=2026-09-30"


@pytest.fixture
def moved(people):
    build()


def text(page: str) -> str:
    """What a reader sees, without marks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace(" :", ":")


def leaf(feature: str, activity: str, effects: dict, **more) -> dict:
    empty = {f"{name}_effect": D(0) for name in EFFECTS}
    units = dict.fromkeys(("requests", "tokens", "gpu_hours"))
    units |= {f"previous_{name}": None for name in units}
    names = {"model": "m", "experiment": "", "kind": "workload", "line": "owned"}
    return names | {"feature": feature, "activity": activity} | empty | units | {
        f"{name}_effect": D(amount) for name, amount in effects.items()
    } | more  # fmt: skip


def test_it_says_causes_in_words_that_add_up():
    """Twice the calls, each cheaper; three times the GPU hours; what is new beside what was."""
    rows = [
        leaf("search", "inference", {"volume": "200", "price": "-60", "mix": "-1"},
             requests=300, previous_requests=150),
        leaf("search", "training", {"volume": "90"}, gpu_hours=D(45), previous_gpu_hours=D(30)),
        leaf("search", "inference", {"new": "40"}, experiment="test-b"),
        leaf("help", "inference", {"size": "30", "volume": "10"}, requests=110, tokens=3300,
             previous_requests=100, previous_tokens=2000),
        leaf("", "other", {"idle": "7"}, kind="idle", line="idle"),
        leaf("", "other", {"unmetered": "-3"}, kind="shared", line="shared"),
    ]  # fmt: skip
    said = [(x.name, x.text("USD"), x.amount) for x in causes(rows)]
    assert said == [
        ("search", f"2.0 times the inferences of what was there before +$200, "
         f"cheaper inferences {MINUS}$60", D(139)),
        ("search", "50% more GPU hours of training", D(90)),
        ("help", "50% longer inferences, in tokens +$30, 10% more inferences +$10", D(40)),
        ("search", "new: test-b", D(40)),
        ("Idle, no feature or experiment", "capacity nobody used and nobody owns", D(7)),
        ("Shared", "tax, support and fees", D(-3)),
    ]  # fmt: skip
    story = told(rows, 2)
    assert (story.change, story.rest, story.others) == (D(313), D(84), 4)
    assert sum(summed(rows).values()) == D(313)


def test_bars_of_a_bridge_meet_and_a_cut_axis_is_announced():
    steps = [Step("Aug", D(100), True), Step("Calls", D(40)), Step("Price", D(-15)),
             Step("Sep", D(125), True)]  # fmt: skip
    assert spans(steps) == [(0, 100), (100, 140), (140, 125), (0, 125)]
    assert announced(steps, "USD") == " The axis begins at $80."
    chart = waterfall(steps, "USD")
    assert chart["data"][0]["base"] == ["80", "100", "125", "80"]
    assert [note["text"] for note in chart["layout"]["annotations"]] == [
        "$100", "+$40", f"{MINUS}$15", "$125",
    ]  # fmt: skip
    large = [Step("Aug", D(10), True), Step("Calls", D(90)), Step("Sep", D(100), True)]
    assert announced(large, "USD") == ""


def test_it_shows_units_per_feature_first_and_blended_last(visit, moved):
    """Search 520 on 160 calls, help 70 on 700; blended as the report says of all of them."""
    page = text(visit("finance", f"/unit-economics/?{QUERY}").content.decode())
    whole = run(Spec("unit_cost", SEPTEMBER, Asker("finance"))).rows[0]
    assert whole["marginal_cost_per_inference"] == (D(590) / 860).quantize(D("1e-18"))
    table = page[page.index("Per inference") : page.index("Per million tokens")]
    assert re.search(r"search \$520\.00 \$545\.00 160 \$3,250 \$3,406 \+25\.0%", table)
    assert re.search(r"help \$70\.00 \$70\.00 700 \$100 \$100 n/a", table)
    assert re.search(r"Blended \$590\.00 \$615\.00 860 \$686", table)
    assert table.index("search") < table.index("help") < table.index("Blended")


def test_it_explains_the_change_of_each_feature_by_its_effects(visit, moved):
    response = visit("finance", f"/unit-economics/?{QUERY}&whole=1")
    panel = response.context["panels"]["bridge"]
    total = panel["total"]
    assert (total.previous, total.cost) == (D("419.333333333333333333"), D("962.25"))
    assert sum(total.effects.values()) == total.delta
    search = next(line for line in panel["lines"] if line.name == "search")
    found = dict(zip(search.keys, search.cells, strict=True))
    assert {key: found[key] for key in ("mix", "price", "rest")} == {
        "mix": D("159.25"), "price": D(-60), "rest": D("1.5"),
    }  # fmt: skip
    # September has a day less than August: that is told before what was used more.
    assert found["days"] < 0 and "size" not in found
    more = sum(found[key] for key in ("days", "calls", "hours", "idle"))
    assert more == D("180.75") + 210 + 15
    assert sum(x.amount for x, _, _ in panel["causes"]) + panel["rest"] == total.delta
    page = text(response.content.decode())
    assert "search: 3.0 times the GPU hours of training" in page
    for address in re.findall(r'href="(/explore/[^"]+)"', response.content.decode()):
        assert visit("finance", html.unescape(address)).status_code == 200


def test_it_asks_for_what_is_missing_instead_of_showing_zero(visit, people):
    page = text(visit("finance", f"/unit-economics/?{QUERY}&whole=1").content.decode())
    assert "No inference has a cost in this period" in page
    assert "Nothing to compare" in page
    page = text(visit("finance", f"/why-it-grew/?{QUERY}").content.decode())
    assert "It takes two whole months of bills" in page


def test_somebody_of_one_team_sees_only_its_own_growth(visit, moved):
    page = text(visit("scoped", f"/why-it-grew/?{QUERY}").content.decode())
    assert "search" not in page and "There is no growth to explain yet" in page


def test_it_tells_the_growth_month_by_month(visit, moved):
    """From 419 in August to 962 in September; October has begun and is told apart."""
    response = visit("finance", "/why-it-grew/?from=2026-09-01&to=2026-10-04&whole=1")
    page = text(response.content.decode())
    assert "AI cost grew 2.3 times , from $419 in August to $962 in September" in page
    months = response.context["panels"]["months"]
    assert [m["name"] for m in months["months"]][0] == "September 2026"
    for month in months["months"]:
        assert sum(x.amount for x, _, _ in month["causes"]) + month["rest"] == month["change"]
    table = response.context["panels"]["table"]
    assert table["total"].delta == D("962.25") - D("419.333333333333333333")
    assert sum(table["total"].effects.values()) == table["total"].delta
