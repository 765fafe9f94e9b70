"""The job that folds: rung by a request, and what it leaves to attribution."""

import pytest

from aicost.jobs.models import Job
from aicost.jobs.work import run_all
from ingest.models import ChangedDay, UsageToSettle
from ingest.otlp import jobs
from tests.otlp.spans import day_sums, post, request_of, token, tokens

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_rung_by_a_request_and_tells_attribution_once_a_day(client, monkeypatch):
    monkeypatch.setattr(jobs, "WAKE_SECONDS", 0)
    text = token()
    post(client, text, request_of([("a", tokens(3))]))
    post(client, text, request_of([("b", tokens(4))]))
    [done] = run_all(["ingest.otlp"])
    assert (done.state, done.result) == ("done", {"done": True, "settled": 1})
    assert day_sums() == [("gpt-4o", 2, 7, 10)]
    assert ChangedDay.objects.values_list("what").get() == ("usage",)
    assert Job.objects.filter(kind="attribution.attribute", state="new").count() == 1
    post(client, text, request_of([("c", tokens(5))]))
    jobs.fold(Job(kind="ingest.otlp"))
    assert day_sums() == [("gpt-4o", 3, 12, 15)]
    assert ChangedDay.objects.count() == 1
    assert UsageToSettle.objects.get().waits
