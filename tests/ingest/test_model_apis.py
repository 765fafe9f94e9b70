"""OpenAI and Anthropic at the wire: reports that page, ask to wait, break off and restate."""

from datetime import timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.reports import run as run_report
from attribution.reports.spec import Asker, Spec
from ingest.connect import check_source, configure
from ingest.load import load
from ingest.models import Charge, Delivery, SourceRun, Usage
from ingest.run_source import run_source
from tests.ingest.model_api import (
    COMPLETIONS,
    COSTS,
    DAY,
    KEY,
    TODAY,
    Provider,
    anthropic_reports,
    billed,
    call,
    claude,
    costs,
    counted,
    hour,
    money,
    openai,
    unix,
    used,
)
from tests.served import serving


@pytest.fixture
def provider():
    server = Provider()
    with serving(server):
        yield server


@pytest.mark.django_db(transaction=True)
def test_it_reads_openai_page_by_page_and_the_second_run_changes_nothing(provider, home):
    provider.lists["/v1/organization/projects"] = [{"id": "proj-1", "name": "Search"}]
    provider.reports[COMPLETIONS] = [
        hour(3, used("proj-1", input_tokens=100, input_cached_tokens=40, output_tokens=7)),
        hour(4, used("proj-1", input_tokens=10), used("proj-2", input_tokens=5)),
        hour(5),
        hour(0, used("proj-1", input_tokens=1), day=TODAY),
    ]
    provider.reports[COSTS] = [
        costs(
            ("proj-1", "gpt-6, input", "0.1", "60"), ("proj-1", "gpt-6, cached input", "0.02", "40")
        )
    ]
    source = openai(provider)
    assert all(check.ok for check in check_source(source))

    first = run_source(source)
    stood, deliveries = (counted(), billed()), Delivery.objects.count()
    source.refresh_from_db()
    again = run_source(source)

    assert (first.state, again.state) == (SourceRun.DONE, SourceRun.DONE)
    assert stood[0] == [
        (DAY, 3, "Search", "gpt-6", 60, 40, 7, 1),
        (DAY, 4, "Search", "gpt-6", 10, 0, 0, 1),
        (DAY, 4, "proj-2", "gpt-6", 5, 0, 0, 1),
        (TODAY, 0, "Search", "gpt-6", 1, 0, 0, 1),
    ]
    assert stood[1] == [(DAY, "gpt-6, cached input", "0.02"), (DAY, "gpt-6, input", "0.1")]
    assert (counted(), billed()) == stood
    assert again.published == 0
    assert Delivery.objects.count() == deliveries


@pytest.mark.django_db(transaction=True)
def test_it_waits_when_asked_and_a_report_that_breaks_off_leaves_what_stood(provider, home):
    provider.reports[COMPLETIONS] = [hour(n, used("p", input_tokens=n)) for n in range(1, 6)]
    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "1", "15"))]
    source = openai(provider)
    run_source(source)
    stood = (counted(), billed())

    waits = iter([(429, {"Retry-After": "0"}, b"slow down")] * 2)
    provider.reports[COMPLETIONS].append(hour(7, used("p", input_tokens=70)))
    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "2", "85"))]

    def broken_on_its_third_page(path, query):
        if path == COMPLETIONS and query.get("page") == ["page-4"]:
            return 200, {}, b'{"data": [{"start_time": 17'
        return next(waits, None) if path == COMPLETIONS else None

    provider.before = broken_on_its_third_page
    failed = run_source(source)
    assert failed.state == SourceRun.FAILED
    assert "usage/completions answers no JSON" in failed.message
    assert KEY not in failed.message + failed.cure
    assert (counted(), billed()) == stood
    assert next(waits, None) is None, "both refusals were waited out"

    provider.before = lambda path, query: None
    assert run_source(source).state == SourceRun.DONE
    assert sum(row[4] for row in counted()) == 1 + 2 + 3 + 4 + 5 + 70
    assert billed() == [(DAY, "gpt-6, input", "2")]


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_the_last_complete_week(provider, home):
    old = TODAY - timedelta(days=20)
    weeks = [old + timedelta(days=7 * n) for n in range(3)]
    provider.reports[COMPLETIONS] = [
        hour(1, used("p", input_tokens=n), day=day) for n, day in enumerate(weeks, start=1)
    ]
    source = openai(provider, start=old.isoformat(), reads="usage", poll_days="2")

    def forbidden_in_the_third_week(path, query):
        is_late = int(query.get("start_time", ["0"])[0]) >= unix(weeks[2])
        return (403, {}, b"missing scope") if path == COMPLETIONS and is_late else None

    provider.before = forbidden_in_the_third_week
    run = run_source(source)
    assert (run.state, run.published) == (SourceRun.FAILED, 2)
    assert "api.usage.read" in run.cure
    assert [row[4] for row in counted()] == [1, 2]

    provider.before, provider.asked = lambda path, query: None, []
    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert [row[4] for row in counted()] == [1, 2, 3]
    first = next(query for path, query in provider.asked if path == COMPLETIONS)
    assert first["start_time"] == [str(unix(weeks[2] - timedelta(days=2)))]


@pytest.mark.django_db(transaction=True)
def test_a_restated_bucket_replaces_what_it_said_and_what_it_no_longer_says(provider, home):
    other = DAY - timedelta(days=1)
    provider.reports[COMPLETIONS] = [
        hour(3, used("p", input_tokens=5), day=other),
        hour(3, used("p", input_tokens=100), used(None, input_tokens=20)),
    ]
    provider.reports[COSTS] = [
        costs(("p", "gpt-6, input", "1", "5"), day=other),
        costs(("p", "gpt-6, input", "10", "120")),
    ]
    source = openai(provider)
    run_source(source)
    untouched = Usage.objects.get(input_tokens=5).pk, Charge.objects.get(day=other).pk

    provider.reports[COMPLETIONS][1] = hour(3, used("p", input_tokens=130))
    provider.reports[COSTS][1] = costs(("p", "gpt-6, input", "10.5", "130"))
    run = run_source(source)

    assert run.published == 2, "the changed day and the month of costs"
    assert counted() == [
        (other, 3, "p", "gpt-6", 5, 0, 0, 1),
        (DAY, 3, "p", "gpt-6", 130, 0, 0, 1),
    ]
    assert [cost for _, _, cost in billed()] == ["1", "10.5"]
    assert untouched == (Usage.objects.get(input_tokens=5).pk, Charge.objects.get(day=other).pk)


@pytest.mark.django_db(transaction=True)
def test_it_asks_for_less_detail_where_an_organization_may_not_have_it(provider, home):
    provider.reports[COMPLETIONS] = [hour(3, used("p", input_tokens=5))]
    provider.before = lambda path, query: (
        (400, {}, b"unsupported group_by")
        if "service_tier" in query.get("group_by[]", [])
        else None
    )
    assert run_source(openai(provider)).state == SourceRun.DONE
    assert [row[4] for row in counted()] == [5]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_it_says_in_words_what_a_key_lacks(provider, home, vendor):
    given = {"key": "sk-project-1", "start": DAY.isoformat(), "base_url": provider.url}
    checks = check_source(configure("shop", vendor, given))
    assert any("admin key" in check.cure for check in checks if not check.ok)
    assert "sk-project-1" not in " ".join(check.what + check.cure for check in checks)


@pytest.mark.django_db(transaction=True)
def test_a_providers_count_weighs_until_a_log_of_calls_covers_the_model(provider, home, tmp_path):
    anthropic_reports(provider)
    assert run_source(claude(provider)).state == SourceRun.DONE
    attribute()
    assert money() == {
        ("workload", "active", "", "Assistants", "chat-prod"): Decimal("15"),
        ("workload", "active", "", "Assistants", ""): Decimal("0.1"),
    }

    # The gateway saw 800 of 1,000 tokens in, and 300 out, of which 120 were thoughts.
    thoughts = {"completion_tokens_details": {"reasoning_tokens": 120}}
    log = tmp_path / "calls.jsonl"
    log.write_text(
        call(1, "search", {"in": 600, "out": 200, "object": thoughts})
        + call(2, "chat", {"in": 200, "out": 100})
    )
    load([log], "gateway")
    attribute()

    assert money() == {
        ("workload", "active", "search", "Assistants", ""): Decimal("3.6") + Decimal("6"),
        ("workload", "active", "chat", "Assistants", ""): Decimal("1.2") + Decimal("3"),
        ("unattributed", "unmetered", "", "Assistants", ""): Decimal("1.2"),
        ("workload", "active", "", "Assistants", ""): Decimal("0.1"),
    }
    period, everyone = Period(DAY, DAY + timedelta(days=1)), Asker(role="admin")
    answer = run_report(Spec("unit_cost", period, everyone, group_by=("model",)))
    assert [row["requests"] for row in answer.rows if row["model"] == "claude-opus-5"] == [2]
    assert is_clean(audit())


@pytest.mark.django_db(transaction=True)
def test_billed_tokens_are_compared_over_all_projects_of_a_bill(provider, home, tmp_path):
    """Two projects are billed 100 tokens each, the gateway saw 100: half of each is unmetered."""
    provider.reports[COSTS] = [
        costs(("p-1", "gpt-6, input", "4", "100"), ("p-2", "gpt-6, input", "6", "100"))
    ]
    run_source(openai(provider, reads="costs", place_is="none"))
    log = tmp_path / "calls.jsonl"
    log.write_text(call(1, "search", {"in": 100, "out": 0}, "gpt-6"))
    load([log], "gateway")
    attribute()
    assert money() == {
        ("workload", "active", "search", "", ""): Decimal("5"),
        ("unattributed", "unmetered", "", "", ""): Decimal("5"),
    }
    assert is_clean(audit())


@pytest.mark.django_db(transaction=True)
def test_a_source_holds_one_count_of_its_calls(provider, home, tmp_path):
    provider.reports[COMPLETIONS] = [hour(3, used("p", input_tokens=5))]
    source = openai(provider)
    run_source(source)
    log = tmp_path / "calls.jsonl"
    log.write_text(call(1, "search", {"in": 100, "out": 0}))
    [result] = load([log], source.name)
    assert result.state == Delivery.HELD
    assert "holds the provider's count" in result.message
    assert [row[4] for row in counted()] == [5]


@pytest.mark.django_db(transaction=True)
def test_a_cost_that_is_no_number_holds_its_month_and_is_asked_for_again(provider, home):
    bad = costs(("p", "gpt-6, input", "1", "5"))
    bad["results"][0]["amount"]["value"] = None
    provider.reports[COSTS] = [bad]
    source = openai(provider, reads="costs")
    held = run_source(source)
    assert held.state == SourceRun.HELD
    assert "line 1" in held.message
    assert billed() == []

    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "1", "5"))]
    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert billed() == [(DAY, "gpt-6, input", "1")]
