"""Apache Superset itself: a database added by its API, a dataset, a chart, and the sums of the
report."""

from datetime import date
from decimal import Decimal
from urllib.parse import quote

from django.core.management import call_command
from django.db import connection
import pytest

from aicost.bi.logins import listed, remove_login
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.bi import superset, world

pytestmark = [pytest.mark.bi, pytest.mark.django_db(transaction=True)]
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
# Superset hands numerics on as doubles; as text they keep every digit.
CHART = {
    "columns": ["feature"],
    "metrics": [
        {
            "expressionType": "SQL",
            "sqlExpression": "cast(sum(cost_usd) as text)",
            "label": "cost",
        },
        {
            "expressionType": "SQL",
            "sqlExpression": "round(sum(cost_usd), 2)",
            "label": "rounded",
        },
    ],
    "filters": [{"col": "usage_date", "op": "TEMPORAL_RANGE", "val": "2026-09-01 : 2026-10-01"}],
    "row_limit": 1000,
}


def uri(name: str, capsys, *options: str) -> str:
    call_command("bi", "add", name, *options)
    password = capsys.readouterr().out.splitlines()[-1]
    place = connection.get_connection_params()
    return (
        f"postgresql+psycopg2://{name}:{quote(password)}@{place['host']}:{place['port']}"
        f"/{place['dbname']}"
    )


def by_feature(teams: tuple[str, ...] | None) -> dict[str, Decimal]:
    spec = Spec("cost", SEPTEMBER, Asker("admin", teams), group_by=("feature",), in_currency="USD")
    found: dict[str, Decimal] = {}
    for row in run(spec).rows:
        assert row["currency"] == "USD"
        found[row["feature"]] = found.get(row["feature"], Decimal(0)) + row["cost"]
    return found


def check(api: superset.Api, dataset: int, teams: tuple[str, ...] | None) -> None:
    rows = api.chart(dataset, CHART)
    told = by_feature(teams)
    assert told and {row["feature"]: Decimal(row["cost"]) for row in rows} == told
    rounded = {row["feature"]: f"{row['rounded']:.2f}" for row in rows}
    assert rounded == {feature: f"{cost:.2f}" for feature, cost in told.items()}


def test_a_chart_of_superset_has_the_sums_of_the_report(tmp_path, capsys):
    world.build()
    try:
        with superset.running(tmp_path) as api:
            everything = api.add_database("AI cost", uri("bi_superset", capsys))
            check(api, api.add_dataset(everything, "fact_cost_daily"), None)
            of_a = api.add_database("AI cost of a", uri("bi_superset_a", capsys, "--teams", "a"))
            query = "select feature, usage_date, cost_usd from fact_cost_daily"
            check(api, api.add_virtual_dataset(of_a, "cost of a", query), ("a",))
    finally:
        for one in listed():
            remove_login(one["name"])
