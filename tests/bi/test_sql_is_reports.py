"""Whatever is asked, SQL over reporting_v1 says what the reports say, to the last digit."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
import random

from django.db.models import F
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import DayState
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Source
from tests.bi import world
from tests.bi.sight import seen_by, select

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bi_world")]
D = Decimal
SCOPES = (None, ("a",), ("b",), ("a", "b"), ("nobody",))
DIMENSIONS = (
    "feature", "model", "workload", "experiment", "team", "environment", "activity", "kind",
    "state", "base_model", "model_family", "product", "department", "cost_centre", "project",
    "layer", "source", "account", "service", "region", "charge_category", "evidence",
)  # fmt: skip
VALUES = {
    "feature": ("search", "assistant", ""), "model": ("rank-v1", "chat-2", ""), "team": ("a", ""),
    "kind": ("workload", "shared", "idle"), "department": ("Growth", "Core", ""),
    "activity": ("inference", "other"), "service": ("Bucket", "Models"), "source": ("aws",),
    "charge_category": ("Usage", "Credit"), "base_model": ("rank",), "layer": ("storage", "other"),
    "evidence": ("tagged",), "product": ("Shop", ""),
}  # fmt: skip
STEP = {
    "total": "%s::date", "day": "usage_date", "week": "date_trunc('week', usage_date)::date",
    "month": "date_trunc('month', usage_date)::date",
    "quarter": "date_trunc('quarter', usage_date)::date",
}  # fmt: skip


@dataclass
class Query:
    """A SELECT over the fact table as somebody at a BI tool would write it."""

    spec: Spec
    values: list = field(default_factory=list)

    def text(self) -> str:
        spec = self.spec
        step = STEP[spec.granularity]
        self.values += [spec.period.start] if "%s" in step else []
        money = "cost" if spec.basis == "effective" else "billed_cost"
        ends = "" if spec.basis == "effective" else "_billed"
        parts = [money]
        parts += [f"idle_spread{ends}"] if spec.idle == "spread" else []
        parts += [f"shared_spread{ends}"] if spec.shared == "spread" else []
        amount, currency, joined = " + ".join(parts), "f.currency", ""
        if spec.in_currency == "USD" and len(parts) == 1:
            currency = f"case when {money}_usd is null then f.currency else 'USD' end"
            amount = f"coalesce({money}_usd, {amount})"
        elif spec.in_currency:
            self.values += [spec.in_currency] * 3
            currency = "case when f.currency = %s or rate is not null then %s else f.currency end"
            amount = f"({amount}) * coalesce(rate, 1)"
            joined = (
                "left join reporting_v1.dim_exchange_rate r on r.from_currency = f.currency"
                " and r.to_currency = %s and r.month = date_trunc('month', f.usage_date)::date"
            )
        names = "".join(f", {name}" for name in spec.group_by)
        where = self._where()
        groups = ", ".join(str(n + 1) for n in range(len(spec.group_by) + 2))
        return (
            f"select {step}{names}, {currency}, sum({amount})"
            f" from reporting_v1.fact_cost_daily f {joined} where {where} group by {groups}"
        )

    def _where(self) -> str:
        spec = self.spec
        found = ["usage_date >= %s and usage_date < %s"]
        self.values += [spec.period.start, spec.period.end]
        for name, wanted in spec.filters.items():
            self.values.append(list(wanted))
            if name == "activity":  # the report filters by what the target does, pools too
                found.append("target_id in (select target_id from reporting_v1.dim_target"
                             " where activity = any(%s))")  # fmt: skip
            else:
                found.append(f"{name} = any(%s)")
        return " and ".join(found)


def asked(chosen: random.Random) -> Spec:
    start = world.FIRST + timedelta(days=chosen.randrange(50))
    names = chosen.sample(list(VALUES), chosen.choice((0, 0, 1, 2)))
    return Spec(
        "cost",
        Period(start, start + timedelta(days=chosen.randrange(1, 60))),
        Asker("admin", chosen.choice(SCOPES)),
        granularity=chosen.choice(list(STEP)),
        group_by=tuple(chosen.sample(DIMENSIONS, chosen.randrange(4))),
        filters={name: tuple(chosen.sample(VALUES[name], 1)) for name in names},
        basis=chosen.choice(("effective", "effective", "billed")),
        idle=chosen.choice(("shown", "spread")),
        shared=chosen.choice(("shown", "spread")),
        in_currency=chosen.choice(("", "", "USD", "USD", "EUR")),
    )


def by_report(spec: Spec) -> dict:
    found: dict = {}
    for row in run(spec).rows:
        key = (row["period"], *(row[name] for name in spec.group_by), row["currency"])
        found[key] = found.get(key, D(0)) + row["cost"]
    return {key: cost for key, cost in found.items() if cost}


def by_sql(spec: Spec) -> dict:
    query = Query(spec)
    with seen_by(teams=spec.asker.teams):
        rows = select(query.text(), *query.values)
    return {tuple(row[:-1]): row[-1] for row in rows if row[-1]}


def test_a_hundred_questions_of_cost_have_the_answers_of_the_report():
    chosen, answered = random.Random(11), 0
    for nth in range(100):
        spec = asked(chosen)
        told = by_report(spec)
        assert by_sql(spec) == told, (nth, spec, Query(spec).text())
        answered += bool(told)
    assert answered > 50


NAMES = ("model", "feature", "workload", "experiment", "team", "environment")
UNIT_MONEY = (
    "marginal_cost", "idle_cost", "idle_spread", "shared_spread", "training_cost",
)  # fmt: skip


def sums(rows: list[dict], keys: tuple[str, ...], columns: tuple[str, ...]) -> dict:
    found: dict = {}
    for row in rows:
        into = found.setdefault(tuple(row[key] for key in keys), dict.fromkeys(columns, D(0)))
        for name in columns:
            into[name] += row[name] or 0
    return {key: told for key, told in found.items() if any(told.values())}


def selected(table: str, keys: tuple[str, ...], columns: tuple[str, ...], spec: Spec) -> dict:
    """Sums of a table by keys, `period` being the step of the question."""
    step = STEP[spec.granularity] if "%s" not in STEP[spec.granularity] else "null"
    by = ", ".join(step if key == "period" else key for key in keys)
    with seen_by(spec.asker.role, spec.asker.teams):
        rows = select(
            f"select {by}, {', '.join(f'coalesce(sum({name}), 0)' for name in columns)}"
            f" from reporting_v1.{table} where usage_date >= %s and usage_date < %s"
            f" group by {', '.join(str(n + 1) for n in range(len(keys)))}",
            spec.period.start, spec.period.end,
        )  # fmt: skip
    found = {row[: len(keys)]: dict(zip(columns, row[len(keys) :], strict=True)) for row in rows}
    return {key: told for key, told in found.items() if any(told.values())}


def test_unit_costs_of_every_month_have_the_money_and_the_calls_of_the_report():
    chosen = random.Random(12)
    for month in (7, 8, 9):
        period = Period(date(2026, month, 1), date(2026, month + 1, 1))
        for scope in SCOPES:
            groups = tuple(chosen.sample(NAMES, chosen.randrange(1, 4)))
            spec = Spec("unit_cost", period, Asker("admin", scope), granularity="day",
                        group_by=groups, idle="spread", shared="spread")  # fmt: skip
            rows = run(spec).rows
            keys = ("period", *groups)
            money = (*keys, "currency")
            assert selected("fact_unit_cost_daily", money, UNIT_MONEY, spec) == sums(
                [row for row in rows if row["currency"]], money, UNIT_MONEY
            ), (month, scope, groups)
            counts = ("requests", "tokens", "input_tokens")
            once = {tuple(row[key] for key in keys): row for row in rows}.values()
            for table in ("fact_unit_cost_daily", "fact_usage_daily"):
                assert selected(table, keys, counts, spec) == sums(list(once), keys, counts), table


def test_a_row_of_unit_cost_has_the_ratio_the_report_gives_it():
    spec = Spec("unit_cost", Period(date(2026, 9, 1), date(2026, 9, 2)), Asker("admin"),
                group_by=("model", "feature", "team"))  # fmt: skip
    told = [row["loaded_cost_per_inference"] for row in run(spec).rows if row["model"] == "rank-v1"]
    assert [D("0.055555555555555556")] == [each for each in told if each] == [
        row[0] for row in select(
            "select loaded_cost_per_inference from reporting_v1.fact_unit_cost_daily"
            " where usage_date = %s and team = 'a' and requests > 0", spec.period.start)
    ]  # fmt: skip


def test_margin_is_for_finance_that_sees_all_and_equals_the_report():
    spec = Spec("margin", Period(world.FIRST, world.PAST), Asker("finance"), granularity="day")
    keys, columns = ("period", "feature", "currency"), ("cost", "cost_of_revenue", "revenue")
    told = sums(run(spec).rows, keys, columns)
    assert told and selected("fact_margin_daily", keys, columns, spec) == told
    for role, teams in (("finance", ("a",)), ("engineer", None), ("viewer", ("a",))):
        with seen_by(role, teams):
            assert select("select * from reporting_v1.fact_margin_daily") == []


def test_customers_cost_what_the_report_says_to_whom_it_says_it():
    for scope in SCOPES:
        spec = Spec("customers", Period(world.FIRST, world.PAST), Asker("admin", scope),
                    granularity="day", group_by=("feature",))  # fmt: skip
        keys = ("period", "customer", "feature", "currency")
        rows = [row for row in run(spec).rows if row["customer"]]
        assert selected("fact_customer_cost_daily", keys, ("cost",), spec) == sums(
            rows, keys, ("cost",)
        )


def test_a_row_is_final_when_the_report_of_its_day_and_source_is():
    Source.objects.filter(name="gcp").update(state={"final_through": "2026-09-10"})
    DayState.objects.filter(day=date(2026, 9, 1)).update(dirty_version=9)
    days = select("select distinct usage_date, bool_and(is_final) from reporting_v1.fact_cost_daily"
                  " group by 1")  # fmt: skip
    assert {final for _, final in days} == {True, False}
    for day, final in days:
        asked = Spec("cost", Period(day, day + timedelta(days=1)), Asker("admin"))
        assert run(asked).final == final, day
    told = {row.source: (row.through, row.final_through) for row in run(asked).freshness}
    rows = select("select source, data_through, final_through from reporting_v1.data_freshness")
    assert {source: told for source, *told in rows} == {k: list(v) for k, v in told.items()}


def test_a_row_id_names_one_row_and_survives_a_restatement():
    ids = "select count(*), count(distinct row_id) from reporting_v1."
    for table in ("fact_cost_daily", "fact_usage_daily", "fact_unit_cost_daily",
                  "fact_margin_daily", "fact_customer_cost_daily"):  # fmt: skip
        ((rows, distinct),) = select(ids + table)
        assert rows == distinct > 0, table
    before = select("select row_id from reporting_v1.fact_cost_daily order by 1")
    DayState.objects.update(dirty_version=F("dirty_version") + 1)
    attribute()
    assert select("select row_id from reporting_v1.fact_cost_daily order by 1") == before
