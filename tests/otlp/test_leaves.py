"""Only the lowest calls of a trace count, in whatever order and request its spans arrive."""

from itertools import permutations

import pytest

from ingest.models import Delivery, Source
from ingest.otlp.fold import fold, settle
from tests.otlp.spans import (
    CHAT,
    calls,
    fold_all,
    post,
    request_of,
    rows,
    token,
    tokens,
    usage_days,
)

pytestmark = pytest.mark.django_db

# An agent's workflow: LangChain's call wraps OpenAI's and repeats its tokens.
WORKFLOW = [
    ("agent", {**tokens(300), "gen_ai.operation.name": "invoke_agent"}),
    ("wrapper", tokens(100), "agent"),
    ("http", {"server.port": 443}, "wrapper"),
    ("call", tokens(100), "http"),
    ("second", tokens(200), "agent"),
]
COUNTED = [(100,), (200,)]


def test_it_counts_the_leaves_in_any_order_one_request_a_span(client):
    text = token()
    orders = [*permutations(range(5))][::17]
    for step in range(5):
        for number, order in enumerate(orders):
            name, told, *parent = WORKFLOW[order[step]]
            span = (name, told, *(parent or [""]), f"trace {number}")
            assert post(client, text, request_of([span])).status_code == 200
        fold_all()
    assert calls("input_tokens") == sorted(COUNTED * len(orders))
    settle(Source.objects.get(), 0)
    assert rows("select sum(input_tokens) from ingest_usageday") == [(300 * len(orders),)]


def test_it_counts_the_leaves_of_one_request(client):
    text = token()
    post(client, text, request_of(WORKFLOW))
    fold_all()
    assert calls("input_tokens") == COUNTED
    post(client, text, request_of(WORKFLOW[::-1]))
    fold_all()
    assert calls("input_tokens") == COUNTED
    told = Delivery.objects.get().message.split("; ")
    assert "1 calls only repeat calls below them" in told


def test_it_leaves_the_rollup_as_if_built_anew_when_a_call_turns_out_to_repeat(client):
    text = token()
    post(client, text, request_of([("wrapper", tokens(100)), ("other", tokens(9))]))
    fold_all()
    settle(Source.objects.get(), 0)
    post(client, text, request_of([("call", tokens(100), "wrapper")]))
    fold_all()
    assert calls("input_tokens") == [(9,), (100,)]
    settle(Source.objects.get(), 0)
    [(requests, told)] = rows("select sum(requests), sum(input_tokens) from ingest_usageday")
    assert (requests, told) == (2, 109)
    assert len(usage_days()) == 1


def test_it_keeps_the_tokens_that_only_the_outer_call_tells(client):
    """A stream whose inner span tells no tokens is the same request seen again."""
    text = token()
    post(client, text, request_of([("stream", CHAT, "wrapper"), ("wrapper", tokens(50))]))
    fold_all()
    assert calls("requests", "input_tokens") == [(1, 50)]


def test_it_counts_a_failed_attempt_beside_the_one_that_answered(client):
    """The failed one stands aside while only the outer call tells tokens, and comes back."""
    text = token()
    failed = {**CHAT, "error.type": "RateLimitError"}
    post(client, text, request_of([("wrapper", tokens(70)), ("first", failed, "wrapper")]))
    fold_all()
    assert calls("requests", "input_tokens", "status") == [(1, 70, "ok")]
    post(client, text, request_of([("second", tokens(70), "wrapper")]))
    fold_all()
    assert calls("requests", "successes", "input_tokens", "status") == [
        (1, 0, None, "RateLimitError"),
        (1, 1, 70, "ok"),
    ]
    settle(Source.objects.get(), 0)
    assert rows("select sum(requests), sum(successes) from ingest_usageday") == [(2, 1)]


def test_it_bears_spans_that_are_each_others_parents(client):
    text = token()
    post(client, text, request_of([("a", tokens(1), "b"), ("b", tokens(2), "a")]))
    fold_all()
    assert calls("input_tokens") == []
    post(client, text, request_of([("self", tokens(4), "self")]))
    fold_all()
    assert calls("input_tokens") == [(4,)]


def test_it_finds_nothing_to_do_twice(client):
    post(client, token(), request_of(WORKFLOW))
    source = Source.objects.get()
    assert (fold(source), fold(source)) == (1, 0)
