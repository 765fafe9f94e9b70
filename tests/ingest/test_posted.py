"""Business rows by POST: taken whole or not at all, once for each key."""

from datetime import date
from decimal import Decimal
import json
import threading

from django.db import connection
import pytest

from aicost.accounts.models import User
from aicost.accounts.tokens import make_token
from ingest import posted
from ingest.models import (
    Annotation,
    Customer,
    Delivery,
    Outcome,
    PostedBody,
    QualityScore,
    Revenue,
    TrainingRun,
    Usage,
)

DAY = "2026-09-01"
ROW = {"day": DAY, "revenue": 900.10, "currency": "usd", "feature": "search"}


@pytest.fixture
def bearer(db) -> str:
    user = User.objects.create_user("till", password="x")
    return f"Bearer {make_token(user, 'till', ['ingest'])[1]}"


@pytest.fixture
def post(client, bearer, home):
    """post(address, rows, key, …) → the response."""

    def send(address: str, rows, key: str = "k1", kind: str = "application/json", query: str = "",
             who: str = bearer):  # fmt: skip
        body = rows if isinstance(rows, (bytes, str)) else json.dumps(rows)
        headers = {"Authorization": who} | ({"Idempotency-Key": key} if key else {})
        return client.post(f"/api/v1/{address}{query}", body, content_type=kind, headers=headers)

    return send


def revenue() -> list[tuple]:
    rows = Revenue.objects.order_by("amount").values_list("day", "amount", "currency", "feature")
    return list(rows)


def test_it_takes_rows_of_every_kind_and_keeps_their_bytes(post, home):
    answers = [
        post("revenue", [ROW]),
        post("outcomes", [{"day": DAY, "outcome": "orders", "count": 7, "feature": "search"}]),
        post("quality", [{"day": DAY, "model": "m", "measure": "ndcg", "score": "0.81"}]),
        post("customers", [{"customer": "c-1", "plan": "pro", "segment": "smb"}]),
        post("volumes", [{"time": f"{DAY}T10:00:00Z", "model": "m", "requests": 1200}]),
        post("runs", [{"run_id": "r1", "started": f"{DAY}T10:00:00Z", "experiment": "wide",
                       "reason": "drift", "params": {"lr": 0.1}, "gpu_seconds": 7200}]),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201] * 6
    assert revenue() == [(date(2026, 9, 1), Decimal("900.1"), "USD", "search")]
    assert Outcome.objects.get().count == 7 and QualityScore.objects.get().measure == "ndcg"
    assert Customer.objects.get().plan == "pro" and Usage.objects.get().requests == 1200
    run = TrainingRun.objects.get()
    assert (run.experiment, run.reason, run.params) == ("wide", "drift", {"lr": "0.1"})
    assert run.gpu_ms == 7_200_000
    assert all((home / "files" / f.kept_as).is_file()
               for d in Delivery.objects.all() for f in d.files.all())  # fmt: skip


def test_it_answers_a_key_sent_again_without_doing_anything_twice(post):
    first, again = post("revenue", [ROW]), post("revenue", [ROW])
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    other = post("revenue", [{**ROW, "revenue": "1"}])
    assert other.status_code == 409 and "new key" in other.json()["detail"]
    assert len(revenue()) == 1 and Delivery.objects.count() == 1


def test_it_adds_up_under_other_keys_and_replaces_under_one_batch(post):
    post("revenue", [ROW], "a")
    post("revenue", [ROW], "b")
    assert len(revenue()) == 2
    post("revenue", [{**ROW, "revenue": "5"}], "c", query="?batch=2026-09")
    post("revenue", [{**ROW, "revenue": "6"}], "d", query="?batch=2026-09")
    assert [str(amount.normalize()) for _, amount, *_ in revenue()] == ["6", "900.1", "900.1"]


def test_a_key_is_its_senders_and_a_batch_everybodys(post):
    shop = User.objects.create_user("shop", password="x")
    tokens = [f"Bearer {make_token(shop, name, ['ingest'])[1]}" for name in ("old", "new")]
    mine = post("revenue", [ROW])
    theirs = post("revenue", [{**ROW, "revenue": "5"}], who=tokens[0])
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in theirs and len(revenue()) == 2
    # Another token of the same person is the same sender.
    again = post("revenue", [{**ROW, "revenue": "5"}], who=tokens[1])
    assert again["Idempotency-Replayed"] == "true" and again.json() == theirs.json()
    assert post("revenue", [ROW])["Idempotency-Replayed"] == "true"
    note = {"at": f"{DAY}T10:00:00Z", "title": "Sale begins"}
    assert post("events", note).status_code == 201
    assert post("events", note | {"title": "Sale ends"}, who=tokens[0]).status_code == 201
    assert sorted(Annotation.objects.values_list("title", flat=True)) == [
        "Sale begins", "Sale ends",
    ]  # fmt: skip
    post("revenue", [{**ROW, "revenue": "7"}], "c", query="?batch=2026-09")
    post("revenue", [{**ROW, "revenue": "8"}], "c", query="?batch=2026-09", who=tokens[0])
    assert [str(amount.normalize()) for _, amount, *_ in revenue()] == ["5", "8", "900.1"]


def test_it_finishes_what_a_killed_call_began(post, monkeypatch):
    def killed(*args, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(PostedBody.objects, "create", killed)
        post("revenue", [ROW])
    assert len(revenue()) == 1 and PostedBody.objects.count() == 0
    assert post("revenue", [ROW]).json()["rows"] == 1
    assert len(revenue()) == 1


def test_it_names_each_bad_row_and_takes_none(post):
    rows = [ROW, {**ROW, "revenue": "abc"}, {**ROW, "day": ""}, {**ROW, "fature": "x"}]
    answer = post("revenue", rows)
    assert answer.status_code == 422
    assert [(e["index"], e["field"]) for e in answer.json()["errors"]] == [
        (1, "revenue"),
        (2, "day"),
        (3, ""),
    ]
    assert revenue() == [] and Delivery.objects.count() == 0
    assert post("revenue", [ROW]).status_code == 201  # corrected, under the same key


def test_it_takes_csv_as_a_file_would_be(post):
    body = "day,revenue,currency,customer\n2026-09-01,10,EUR,c-1\n2026-09-01,x,EUR,c-2\n"
    answer = post("revenue", body, kind="text/csv; charset=utf-8")
    assert answer.json()["errors"] == [
        {"index": 1, "field": "revenue", "error": "'x' is not a decimal number"}
    ]
    assert post("revenue", body.replace("x,", "-2,"), kind="text/csv").json()["rows"] == 2
    misspelt = post("revenue", "day,revenue,curency\n", "z", kind="text/csv")
    assert misspelt.status_code == 422 and "curency" in misspelt.json()["detail"]


def test_it_changes_a_customer_in_place(post):
    post("customers", [{"customer": "c-1", "name": "Acme", "plan": "free"}], "a")
    later = {"customer": "c-1", "plan": "max", "valid_from": "2026-10-01"}
    post("customers", [{"customer": "c-1", "name": "Acme", "plan": "pro"}, later], "b")
    plans = Customer.objects.order_by("valid_from").values_list("plan", "valid_from")
    assert list(plans) == [("max", date(2026, 10, 1)), ("pro", None)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"rows": [ROW], "key": ""}, 400),
        ({"rows": [ROW], "key": "with space"}, 400),
        ({"rows": [ROW], "query": "?batch=a/b"}, 400),
        ({"rows": "{"}, 400),
        ({"rows": [1]}, 400),
        ({"rows": []}, 422),
        ({"rows": [ROW], "kind": "application/xml"}, 415),
        ({"rows": [{**ROW, "revenue": float("nan")}]}, 422),
        ({"rows": "[" * 100_000}, 400),
    ],
)
def test_it_refuses_with_a_reason(post, sent, status):
    answer = post("revenue", **sent)
    assert answer.status_code == status and answer.json()["detail"]
    assert revenue() == []


def test_it_refuses_a_body_that_is_too_large_and_a_caller_without_token(post, client, monkeypatch):
    monkeypatch.setattr("aicost.api.rest.sending.BODY_BYTES_MAX", 100)
    assert post("revenue", [ROW] * 9).status_code == 413
    assert client.post("/api/v1/revenue", "[]", content_type="application/json").status_code == 401
    assert client.get("/api/v1/revenue").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_it_does_the_work_once_when_one_key_comes_at_once_four_times(home):
    answers, body = [], json.dumps([ROW]).encode()

    def send():
        try:
            answers.append(posted.take("revenue", "same", "", "application/json", body, "till"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.again for answer in answers) == [False, True, True, True]
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    assert len(revenue()) == 1
