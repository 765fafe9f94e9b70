"""Spans over HTTP into the ledger: once each, leaves only, whatever the order."""

import pytest

from ingest.models import Delivery, Source
from tests.otlp.spans import calls, day_sums, fold_all, post, request_of, token, tokens

pytestmark = pytest.mark.django_db


def test_it_counts_a_call_once_however_often_it_is_sent(client):
    text = token("shop")
    request = request_of([("a", tokens(100)), ("b", tokens(7))])
    for zipped in (False, True):
        answer = post(client, text, request, zipped=zipped)
        assert (answer.status_code, answer.content) == (200, b"")
        fold_all()
    assert calls("model", "requests", "input_tokens", "output_tokens", "workload") == [
        ("gpt-4o", 1, 7, 5, "shop"),
        ("gpt-4o", 1, 100, 5, "shop"),
    ]
    assert day_sums() == [("gpt-4o", 2, 107, 10)]
    [delivery] = Delivery.objects.all()
    assert (delivery.rows_read, delivery.rows_loaded, delivery.rows_quarantined) == (4, 4, 0)
    assert Source.objects.get().name == "shop"
