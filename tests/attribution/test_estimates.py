"""From the call to the final bill: what is expected, what is billed, and how the two met.

gpt-5 lists at 1.25 a million tokens in, 0.125 cached and 10.00 out.
"""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import io
import json

from django.core.management import CommandError, call_command
import pytest

from aicost.accounts.models import AuditEvent
from aicost.kernel.periods import Period, utc_today
from attribution.allocate import attribute
from attribution.anticipation import anticipations
from attribution.estimates import estimate
from attribution.models import DayState, EstimatedCost, MonthClose
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from attribution.repricing import preview_reprice, reprice
from ingest.load import load
from ingest.models import Charge, FxRate, Source, WorkloadMap
from ingest.prices import save_price
from tests.attribution import ledger

pytestmark = pytest.mark.django_db

D = Decimal
MILLION = 1_000_000
TODAY = utc_today()
YESTERDAY, TWO, FINAL = (TODAY - timedelta(days=n) for n in (1, 2, 5))
FINANCE = Asker("finance")


@pytest.fixture(autouse=True)
def _home(home):
    return home


def calls(tmp_path, rows: list[dict], source: str = "gateway") -> None:
    """A file of calls; `at` is (day, hour)."""
    file = tmp_path / f"{source}-{len(list(tmp_path.iterdir()))}.csv"
    columns = sorted({name for row in rows for name in row} - {"at"})
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, ["time", *columns])
        writer.writeheader()
        for row in rows:
            day, hour = row["at"]
            time = datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)
            writer.writerow({"time": time.isoformat(), **{c: row.get(c, "") for c in columns}})
    [result] = load([file], source)
    assert (result.state, result.rows_quarantined) == ("published", 0), result


def call(day: date, hour: int = 10, **more) -> dict:
    told = {"at": (day, hour), "id": f"{day}-{hour}-{len(more)}-{more.get('feature', '')}",
            "provider": "openai", "model": "gpt-5", "feature": "search"}  # fmt: skip
    return {**told, **more}


def bill(day: date, token_class: str, millions: str, cost: str, **more) -> int:
    """One charge of gpt-5 on the bill of OpenAI."""
    series = {
        "provider": "OpenAI", "service_name": "OpenAI API", "consumed_unit": "1M tokens",
        "sku_meter": f"gpt-5 {token_class} tokens", "extras": {"ModelName": "gpt-5"},
    }  # fmt: skip
    of = more.pop("of", None) or ledger.source("openai-bill")
    return ledger.charge(cost, of=of, day=day, consumed=millions, **{**series, **more})


def standing(**where) -> list[tuple]:
    rows = EstimatedCost.objects.filter(superseded_at=None, **where).order_by("hour", "token_class")
    return [
        (row.hour.hour, row.token_class, row.quantity, row.estimated_cost, row.price_basis)
        for row in rows
    ]


def cost_rows(**more) -> list[dict]:
    period = Period(TODAY - timedelta(days=30), TODAY + timedelta(days=1))
    return run(Spec("cost", period, FINANCE, **more)).rows


def accuracy(*groups: str) -> list[tuple]:
    period = Period(TODAY - timedelta(days=30), TODAY + timedelta(days=1))
    rows = run(Spec("estimate_accuracy", period, FINANCE, group_by=groups)).rows
    return [
        (*(row[g] for g in groups), row["line"], row["estimated_cost"], row["billed_cost"],
         row["estimate_per_bill"])
        for row in rows
    ]  # fmt: skip


def test_usage_without_a_bill_becomes_hourly_estimates_and_making_them_again_changes_nothing(
    tmp_path,
):
    calls(tmp_path, [
        call(YESTERDAY, 9, input_tokens=MILLION, cached_input_tokens=MILLION),
        call(YESTERDAY, 9, input_tokens=MILLION, feature="assistant"),
        call(YESTERDAY, 23, output_tokens=100_000, reasoning_tokens=100_000),
    ])  # fmt: skip
    [done] = estimate()
    assert (done.day, done.made, done.superseded) == (YESTERDAY, 5, 0)
    assert standing() == [
        (9, "cached_input_tokens", D(MILLION), D("0.125"), "list"),
        (9, "input_tokens", D(MILLION), D("1.25"), "list"),
        (9, "input_tokens", D(MILLION), D("1.25"), "list"),
        (23, "output_tokens", D(100_000), D(1), "list"),
        (23, "reasoning_tokens", D(100_000), D(1), "list"),
    ]
    was = set(EstimatedCost.objects.values_list("pk", flat=True))
    assert estimate() == []
    assert set(EstimatedCost.objects.values_list("pk", flat=True)) == was

    calls(tmp_path, [call(YESTERDAY, 9, input_tokens=MILLION, feature="late")])
    [done] = estimate()
    assert (done.made, done.superseded) == (1, 0)
    shown = {row["feature"]: row for row in cost_rows(group_by=("feature",))}
    assert {name: (row["cost"], row["estimated_cost"]) for name, row in shown.items()} == {
        "search": (D(0), D("3.375")), "assistant": (D(0), D("1.25")), "late": (D(0), D("1.25")),
    }  # fmt: skip
    assert cost_rows(group_by=("feature",), estimates="left_out") == []


def test_a_contract_goes_before_what_was_last_billed_and_that_before_the_list(tmp_path):
    bill(FINAL, "input", "10", "11.00")  # 1.10 a million, below the list
    attribute()
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION, output_tokens=MILLION)])
    estimate()
    assert standing() == [
        (8, "input_tokens", D(MILLION), D("1.10"), "last_billed"),
        (8, "output_tokens", D(MILLION), D(10), "list"),
    ]
    assert {row.source.name for row in EstimatedCost.objects.all()} == {"openai-bill"}
    save_price({
        "provider": "openai", "discount_percent": D(20), "basis": "contract",
        "valid_from": YESTERDAY, "origin": "EA 7",
    })  # fmt: skip
    calls(tmp_path, [call(YESTERDAY, 9, input_tokens=MILLION)])
    estimate()
    assert standing(hour__hour=9) == [(9, "input_tokens", D(MILLION), D(1), "contract")]
    assert standing(hour__hour=8)[0][3] == D("1.10")  # what stands keeps the price it was made with


def test_what_has_no_price_is_null_and_listed_with_the_link_that_fixes_it(tmp_path):
    calls(tmp_path, [
        call(YESTERDAY, 7, model="in-house", provider="us", input_tokens=500, cost="0.25",
             currency="USD"),
        call(YESTERDAY, 8, model="llama-8b", provider="", input_tokens=9_000),
    ])  # fmt: skip
    WorkloadMap.objects.create(pattern="llama-*", model="llama-8b")
    estimate()
    assert standing() == [(7, "input_tokens", D(500), None, "")]
    [shown] = cost_rows()
    assert (shown["cost"], shown["estimated_cost"]) == (D(0), None)
    period = Period(YESTERDAY, TODAY)
    [row] = run(Spec("unpriced", period, FINANCE)).rows
    assert (row["provider"], row["model"], row["calls"], row["tokens"]) == (
        "us",
        "in-house",
        1,
        500,
    )
    assert (row["first_day"], row["reported_cost"], row["currency"]) == (
        YESTERDAY, D("0.25"), "USD",
    )  # fmt: skip
    assert row["price_link"].startswith("/prices/?provider=us&model=in-house")

    save_price({
        "model": "in-house", "token_class": "input_tokens", "price": D(2), "currency": "USD",
        "basis": "contract", "valid_from": YESTERDAY,
    })  # fmt: skip
    estimate()
    assert standing() == [(7, "input_tokens", D(500), D("0.001"), "contract")]
    assert run(Spec("unpriced", period, FINANCE)).rows == []
    assert EstimatedCost.objects.filter(superseded_by="estimate", estimated_cost=None).count() == 1


def test_a_day_shows_the_bill_and_what_is_still_expected_until_the_bill_is_final(tmp_path):
    bill(FINAL, "input", "10", "12.50")
    attribute()
    calls(tmp_path, [call(TWO, 8, input_tokens=8 * MILLION),
                     call(TWO, 9, input_tokens=2 * MILLION, feature="assistant")])  # fmt: skip
    estimate()

    def shown() -> dict:
        rows = cost_rows(group_by=("feature",), filters={"model": ("gpt-5",)})
        return {r["feature"] or r["line"]: (r["cost"], r["estimated_cost"]) for r in rows}

    assert shown() == {
        "owned": (D("12.50"), D(0)), "search": (D(0), D(10)), "assistant": (D(0), D("2.50")),
    } or shown() == {
        "workload": (D("12.50"), D(0)), "search": (D(0), D(10)), "assistant": (D(0), D("2.50")),
    }  # fmt: skip
    part = bill(TWO, "input", "4", "5.00")
    attribute()
    # 12.50 expected, 5.00 billed: 7.50 still to come, 8 to 2.
    assert (shown()["search"], shown()["assistant"]) == ((D(4), D(6)), (D(1), D("1.50")))
    day = Spec("cost", Period(TWO, YESTERDAY), FINANCE)
    answer = run(day)
    assert (answer.final, answer.residual) == (False, D(0))
    [reconciled] = run(Spec("reconciliation", Period(TWO, YESTERDAY), FINANCE)).rows
    assert reconciled["residual"] == 0

    Charge.objects.filter(pk=part).delete()
    bill(TWO, "input", "10", "12.00")
    attribute()
    Source.objects.filter(name="openai-bill").update(final_after_days=1)
    assert (shown()["search"], shown()["assistant"]) == ((D("9.60"), D(0)), (D("2.40"), D(0)))
    assert run(day).final
    [done] = estimate()
    assert (done.made, done.superseded, done.finalised) == (0, 0, 2)
    assert EstimatedCost.objects.filter(superseded_by="bill").count() == 2  # nothing is deleted
    assert accuracy("provider", "model", "token_class") == [
        ("OpenAI", "gpt-5", "input_tokens", "owned", D("12.50"), D("12.00"),
         D("1.041666666666666667")),
        ("", "", "", "total", D("12.50"), D("12.00"), D("1.041666666666666667")),
    ]  # fmt: skip

    # The bill is restated: the estimate stays what it was, the ratio does not.
    Charge.objects.filter(day=TWO).update(effective_cost=D("10.00"))
    DayState.objects.filter(day=TWO).update(dirty_version=99)
    attribute()
    assert estimate() == []
    assert accuracy("model")[0] == ("gpt-5", "owned", D("12.50"), D("10.00"), D("1.25"))


def test_the_ratio_is_unknown_where_either_side_is(tmp_path):
    bill(FINAL, "output", "1", "10.00")
    calls(tmp_path, [call(FINAL, 8, input_tokens=MILLION), call(FINAL, 9, output_tokens=MILLION)])
    attribute()
    estimate(FINAL, FINAL + timedelta(days=1))
    assert accuracy("token_class") == [
        ("input_tokens", "owned", D("1.25"), None, None),
        ("output_tokens", "owned", D(10), D(10), D(1)),
        ("", "total", D("11.25"), D(10), D("1.125")),
    ]
    assert estimate(FINAL, FINAL + timedelta(days=1)) == []  # asked again, nothing is made twice
    # What the gateway itself reported stands beside, and was no price.
    calls(tmp_path, [call(FINAL, 10, cost="7.00", currency="USD")])
    file = tmp_path / "accuracy.json"
    call_command(
        "report", "estimate_accuracy", "--from", f"{FINAL}", "--to", f"{TODAY}",
        "--group-by", "model", "--format", "json", "--output", str(file),
    )  # fmt: skip
    [row, _] = json.loads(file.read_text())["rows"]
    assert (row["reported_cost"], row["estimated_cost"]) == ("7", "11.25")


def test_a_bill_that_comes_after_two_months_still_ends_its_estimates(tmp_path):
    old = TODAY - timedelta(days=60)
    bill(old - timedelta(days=1), "input", "1", "1.25")
    attribute()
    calls(tmp_path, [call(old, 8, input_tokens=MILLION)])
    estimate(old, old + timedelta(days=1))
    assert estimate() == []
    assert standing() == [(8, "input_tokens", D(MILLION), D("1.25"), "last_billed")]
    bill(old, "input", "1", "1.20")
    attribute()
    [done] = estimate()
    assert (done.day, done.finalised) == (old, 1)


def test_a_watermark_of_the_source_says_what_is_final(tmp_path):
    bill(YESTERDAY, "input", "1", "1.25")
    attribute()
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=2 * MILLION)])
    estimate()
    period = Period(YESTERDAY, TODAY)
    assert not run(Spec("cost", period, FINANCE)).final
    [row] = cost_rows(filters={"model": ("gpt-5",)})
    assert (row["cost"], row["estimated_cost"]) == (D("1.25"), D("1.25"))
    Source.objects.filter(name="openai-bill").update(state={"final_through": f"{YESTERDAY}"})
    assert run(Spec("cost", period, FINANCE)).final
    [row] = cost_rows(filters={"model": ("gpt-5",)})
    assert (row["cost"], row["estimated_cost"]) == (D("1.25"), D(0))


def test_a_closed_month_is_not_priced_anew(tmp_path, admin_user):
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION)])
    MonthClose.objects.create(month=YESTERDAY.replace(day=1), closed_by=admin_user)
    with pytest.raises(CommandError, match="is closed. Reopen it"):
        call_command("prices", "reprice", "--from", f"{YESTERDAY}", "--to", f"{TODAY}")


def test_history_is_priced_anew_only_when_somebody_says_so(tmp_path):
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION),
                     call(YESTERDAY, 8, input_tokens=MILLION, model="gpt-5-mini")])  # fmt: skip
    estimate()
    was = standing()
    save_price({
        "discount_percent": D(50), "basis": "contract", "valid_from": YESTERDAY,
    })  # fmt: skip
    assert estimate() == []
    period = Period(YESTERDAY, TODAY)
    told = preview_reprice(period, ("gpt-5",))
    assert (told.days, told.before, told.after) == (1, {"USD": D("1.25")}, {"USD": D("0.625")})
    assert standing() == was

    assert reprice(period, ("gpt-5",)) == told
    assert standing(model="gpt-5")[0][3] == D("0.625")
    assert standing(model="gpt-5-mini")[0][3] == D("0.25")
    assert AuditEvent.objects.get(action="prices_repriced").detail["after"] == {"USD": "0.625"}
    call_command("prices", "reprice", "--from", f"{YESTERDAY}", "--to", f"{TODAY}",
                 stdout=io.StringIO())  # fmt: skip
    assert standing(model="gpt-5-mini")[0][3] == D("0.125")


def test_weights_follow_a_price_when_the_day_is_priced_anew(tmp_path):
    """One charge without a class: search sends a million tokens, assistant gets one. At the list
    1.25 to 10.00, at the contract's list 1 to 1."""
    calls(tmp_path, [call(FINAL, 8, input_tokens=MILLION),
                     call(FINAL, 9, output_tokens=MILLION, feature="assistant")])  # fmt: skip
    bill(FINAL, "", "2", "9.00", sku_meter="gpt-5", consumed_unit="")
    attribute()

    def shown() -> dict:
        return {row["feature"]: row["cost"] for row in cost_rows(group_by=("feature",))}

    assert shown() == {"search": D(1), "assistant": D(8)}
    for token_class in ("input_tokens", "output_tokens"):
        save_price({
            "model": "gpt-5", "token_class": token_class, "price": D(1), "currency": "USD",
            "basis": "list", "valid_from": FINAL,
        })  # fmt: skip
    attribute()
    assert shown() == {"search": D(1), "assistant": D(8)}
    reprice(Period(FINAL, FINAL + timedelta(days=1)))
    attribute()
    assert shown() == {"search": D("4.50"), "assistant": D("4.50")}


def test_a_price_in_another_currency_needs_the_rate_of_the_month(tmp_path):
    bill(FINAL, "output", "1", "9.00", billing_currency="EUR")
    attribute()
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION)])
    estimate()
    assert [row.currency for row in EstimatedCost.objects.all()] == ["USD"]
    FxRate.objects.create(month=YESTERDAY.replace(day=1), from_currency="USD", to_currency="EUR",
                          rate=D("0.8"))  # fmt: skip
    calls(tmp_path, [call(YESTERDAY, 9, input_tokens=MILLION)])
    estimate()
    last = EstimatedCost.objects.latest("pk")
    assert (last.currency, last.estimated_cost, last.hour.hour) == ("EUR", D(1), 9)
    assert "USD at 0.8" in last.price_origin


def test_it_says_which_bill_is_foretold_and_asks_where_it_cannot_know(tmp_path):
    bill(FINAL, "input", "1", "1.25")
    attribute()
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION),
                     call(YESTERDAY, 8, input_tokens=5, provider="anthropic",
                          model="claude-sonnet-4-5")])  # fmt: skip

    def told() -> dict:
        found = anticipations(YESTERDAY, TODAY)
        return {a.provider: (a.how, a.bill_source and a.bill_source.name) for a in found}

    assert told() == {"openai": ("automatic", "openai-bill"), "anthropic": ("none", None)}
    second = ledger.source("reseller")
    bill(FINAL, "input", "1", "1.25", of=second)
    attribute()
    assert told()["openai"] == ("several", None)
    estimate()
    assert {row.model for row in EstimatedCost.objects.all()} == {"claude-sonnet-4-5"}
    Source.objects.filter(name="gateway").update(
        anticipates=second, anticipates_filter={"provider": ["OpenAI"]}
    )
    assert told() == {"openai": ("set", "reseller"), "anthropic": ("none", None)}
    estimate()
    assert EstimatedCost.objects.get(model="gpt-5").source == second
    out = io.StringIO()
    call_command("estimate", "--bills", "--json", stdout=out)
    assert {row["bill"] for row in json.loads(out.getvalue())} == {"", "reseller"}
    with pytest.raises(CommandError, match="give both"):
        call_command("estimate", "--from", f"{FINAL}")


def test_a_call_that_two_sources_count_is_estimated_once(tmp_path):
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION)])
    calls(tmp_path, [call(YESTERDAY, 8, input_tokens=MILLION, feature="")], "usage-api")
    Source.objects.filter(name="usage-api").update(usage_role="provider_count")
    estimate()
    assert standing() == [(8, "input_tokens", D(MILLION), D("1.25"), "list")]


def test_the_tokens_of_a_long_call_are_estimated_at_the_long_rate(tmp_path):
    given = {"provider": "anthropic", "model": "claude-sonnet-4-5"}
    calls(tmp_path, [
        call(YESTERDAY, 8, input_tokens=100_000, **given),
        call(YESTERDAY, 9, input_tokens=100_001, cached_input_tokens=100_000, **given),
        # An hour of 1,000 calls of 1,000 tokens each is not one long call.
        {**call(YESTERDAY, 10, input_tokens=MILLION, requests=1_000, **given), "id": ""},
    ])  # fmt: skip
    estimate()
    assert [row[3] for row in standing()] == [D("0.3"), D("0.06"), D("0.600006"), D("3")]
