"""/metrics tells what the reports tell, to whom they tell it, in as many series as was said."""

import base64
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
import re
import tomllib

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
import pytest

import aicost
from aicost.accounts.people import add_user
from aicost.accounts.tokens import make_token, secret_of
from aicost.files.models import Destination, FilesRun
from aicost.jobs.models import Job
from aicost.kernel.periods import Period
from aicost.metrics.families import FAMILIES
from attribution.allocate import attribute
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.models import Alert
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Delivery, Source
from tests.attribution import world
from tests.attribution.ledger import charge
from tests.metrics.scraped import (
    TODAY,
    admin,
    double,
    samples,
    scrape,
    token_for,
    value,
)

ROOT = Path(__file__).resolve().parent.parent.parent
MONTH = Period(date(2026, 9, 1), date(2026, 9, 3))
D = Decimal

pytestmark = pytest.mark.django_db


def report(name: str, period: Period = MONTH, **more) -> list[dict]:
    return run(Spec(name, period, Asker("admin"), **more)).rows


def told_by(token: str | None = None) -> dict:
    answer = scrape(token)
    assert answer.status_code == 200, answer.content[:300]
    return samples(answer.content.decode())


def furnish() -> None:
    """Money in two currencies, a budget, an alert, a job that failed, spans that came."""
    world.build()
    charge("7.25", billing_currency="EUR", tags={"team": "b", "feature": "chat"}, service_name="B")
    attribute()
    save_budget({"title": "Company", "amount": "90", "currency": "USD"}, By(reason="test"))
    remember(date(2026, 9, 1))
    Alert.objects.create(level="feature", name="search", kind="spike", last=world.DAY, state="open",
                         onset=world.DAY, raised_on=TODAY, severity="critical", title="x",
                         rule="x")  # fmt: skip
    Job.objects.create(kind="ingest.load", state=Job.FAILED, error="x")
    waiting = Job.objects.create(kind="files.due")
    Job.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(minutes=10))
    lake = Destination.objects.create(name="lake", kind="folder", datasets=["cost"])
    for state in ("done", "failed"):
        FilesRun.objects.create(destination=lake, state=state, finished_at=timezone.now())
    Delivery.objects.create(source=Source.objects.get(name="calls"), reader="otlp", name="OTLP",
                            state="published", set_sha256="1" * 64, rows_read=12,
                            rows_quarantined=2)  # fmt: skip


def test_it_tells_what_the_reports_tell():
    furnish()
    told = told_by()
    for row in report("cost"):
        found = value(told, "aicost_cost_month_to_date", currency=row["currency"])
        assert found == double(row["cost"])
    for name in ("model", "feature", "team"):
        rows = report("cost", group_by=(name,))
        assert len(rows) == len(told[f"aicost_{name}_cost_month_to_date"])
        for row in rows:
            labels = {key: row[key] for key in (name, "line", "currency")}
            found = value(told, f"aicost_{name}_cost_month_to_date", **labels)
            assert found == double(row["cost"]), labels
    for row in report("unit_cost", group_by=("model",)):
        labels = {"model": row["model"], "currency": row["currency"]}
        for unit in ("inference", "million_tokens"):
            for cost in ("marginal", "loaded"):
                exact = row[f"{cost}_cost_per_{unit}"]
                name = f"aicost_model_cost_per_{unit}"
                key = tuple(sorted((labels | {"cost": cost}).items()))
                assert told.get(name, {}).get(key) == (None if exact is None else double(exact))
    assert value(told, "aicost_model_inferences_month_to_date", model="rank-v1") == 900
    assert set(told["aicost_residual"].values()) == {0}
    day = Period(date(2026, 9, 1), date(2026, 9, 2))
    for row in report("cost", day):
        found = value(told, "aicost_cost_yesterday", currency=row["currency"])
        assert found == double(row["cost"])


def test_it_tells_budgets_alerts_and_how_the_service_does():
    furnish()
    told = told_by()
    [budget] = report("budgets", Period(TODAY, TODAY + timedelta(days=1)))
    labels = {"budget_id": str(budget["budget_id"]), "budget": "Company", "period": "month",
              "kind": budget["kind"], "currency": "USD"}  # fmt: skip
    assert value(told, "aicost_budget_spent", **labels) == double(budget["used"]) == 100
    assert value(told, "aicost_budget_limit", **labels) == 90
    assert told["aicost_alerts_open"] == {
        (("severity", "critical"),): 1, (("severity", "major"),): 0, (("severity", "minor"),): 0,
    }  # fmt: skip
    assert value(told, "aicost_jobs", kind="ingest.load", state="failed") == 1
    assert value(told, "aicost_jobs", kind="ingest.load", state="queued") == 0
    assert 600 <= value(told, "aicost_jobs_oldest_queued_age_seconds", kind="files.due") < 660
    assert value(told, "aicost_otlp_spans_received", source="calls") == 12
    assert value(told, "aicost_otlp_spans_quarantined", source="calls") == 2
    assert value(told, "aicost_export_succeeded_timestamp_seconds", destination="lake") > 1.6e9
    assert told["aicost_database_size_bytes"][()] > 1_000_000
    assert value(told, "aicost_source_dirty_dates", source="aws", kind="bill") == 0
    assert {one for one in told if "_created" in one} == set()


def test_every_family_is_documented_and_follows_the_conventions():
    furnish()
    text = scrape().content.decode()
    told = samples(text)
    assert set(told) <= {family.name for family in FAMILIES}
    page = (ROOT / "docs" / "metrics.md").read_text()
    for family in FAMILIES:
        assert f"`{family.name}`" in page, family.name
        assert re.fullmatch(r"aicost(_[a-z]+)+", family.name)
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket")), "no counters"
        assert not {"job", "instance", "le", "quantile"} & set(family.labels)
        assert family.help and not family.help.endswith(".")
    kinds = {line.split()[3] for line in text.splitlines() if line.startswith("# TYPE")}
    assert kinds == {"gauge"}


def test_names_beyond_the_limit_are_one_series_and_all_still_adds_up(settings):
    world.build()
    for number in range(9):
        charge(str(number + 1), tags={"feature": f"f{number}", "team": "a"}, service_name="B")
    charge("0.5", tags={"feature": "(other) one", "team": "a"}, service_name="B")
    attribute()
    settings.AICOST_METRICS_TOP = 3
    told = told_by()
    rows = told["aicost_feature_cost_month_to_date"]
    owned = {dict(key)["feature"]: v for key, v in rows.items() if dict(key)["line"] == "owned"}
    assert sorted(owned) == ["(other)", "f7", "f8", "search"]
    assert sum(rows.values()) == value(told, "aicost_cost_month_to_date", currency="USD") == 145.5
    assert "(other)" not in str(told["aicost_feature_cost_per_inference"])


def test_a_scrape_within_the_time_asks_nothing_of_the_ledger(settings):
    furnish()
    token = token_for(admin())
    first = scrape(token)
    charge("1000", tags={"feature": "search"}, service_name="B")
    attribute()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        second = scrape(token)
    assert len(queries) <= 4, [one["sql"][:80] for one in queries]

    def cost(answer):
        return value(samples(answer.content.decode()), "aicost_cost_month_to_date", currency="USD")

    assert cost(second) == cost(first) == 100
    settings.AICOST_METRICS_SECONDS = 0
    cache.clear()
    assert cost(scrape(token)) == 1100


def test_a_token_of_one_team_sees_its_team_only():
    furnish()
    everybody = told_by()
    mine = told_by(token_for(admin(), ("a",)))
    assert value(mine, "aicost_cost_month_to_date", currency="USD") == 60
    assert (("currency", "EUR"),) not in mine["aicost_cost_month_to_date"]
    assert {dict(key)["team"] for key in mine["aicost_team_cost_month_to_date"]} == {"a"}
    assert "assistant" not in str(mine["aicost_feature_cost_month_to_date"])
    hidden = {"aicost_residual", "aicost_jobs", "aicost_outbox_messages",
              "aicost_database_size_bytes", "aicost_otlp_spans_received"}  # fmt: skip
    assert hidden <= everybody.keys() and not hidden & mine.keys()
    assert "aicost_budget_spent" not in mine, "a budget of the company is not theirs"
    assert value(told_by(), "aicost_cost_month_to_date", currency="USD") == 100, "nor the cache"


def test_somebody_of_no_team_sees_no_money():
    furnish()
    told = told_by(token_for(add_user("nobody", "x" * 20, role="engineer", teams=["z"])))
    assert [name for name in told if "_cost_" in name] == []


@pytest.mark.parametrize(
    ("header", "status"),
    [("", 401), ("Bearer nonsense", 401), ("Basic bm9uc2Vuc2U6eA==", 401), ("ingest", 403),
     ("basic", 200)],
)  # fmt: skip
def test_it_is_told_to_good_tokens_only(header, status):
    token, text = make_token(admin(), "one", ["ingest" if header == "ingest" else "read"])
    if header == "ingest":
        header = f"Bearer {text}"
    if header == "basic":
        pair = f"{token.token_id}:{secret_of(token, text)}".encode()
        header = f"Basic {base64.b64encode(pair).decode()}"
    answer = Client().get("/metrics", headers={"authorization": header})
    assert answer.status_code == status
    if status == 200:
        assert b"aicost_build_info" in answer.content
    else:
        assert "Bearer" in answer["WWW-Authenticate"] and b"aicost_" not in answer.content


def test_names_of_any_kind_come_back_as_they_are():
    world.build()
    name = 'a "quoted"\\ name\nof two lines, ünd {more}'
    charge("5", tags={"feature": name, "team": "a"}, service_name="B")
    attribute()
    told = told_by()
    labels = {"feature": name, "line": "owned", "currency": "USD"}
    assert value(told, "aicost_feature_cost_month_to_date", **labels) == 5


def test_an_empty_product_can_be_scraped():
    told = told_by()
    assert "aicost_cost_month_to_date" not in told, "unknown is no series"
    assert value(told, "aicost_jobs", kind="ingest.load", state="failed") == 0
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert [dict(key)["version"] for key in told["aicost_build_info"]] == [written]
    assert written == aicost.VERSION
    assert len(told["aicost_jobs"]) == 3 * len(settings.AICOST_JOBS)
