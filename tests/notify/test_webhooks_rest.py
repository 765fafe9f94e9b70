"""Webhooks over REST: as on the pages, with their secret shown once and their log."""

import json

import pytest

from aicost.accounts.models import AuditEvent
from aicost.happenings.tell import happened
from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import drain
from ingest.models import PostedBody
from tests.api.rest import Caller
from tests.notify.hooks import go

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finops(people):
    return Caller(people["finops"])


def test_a_webhook_is_added_hears_and_is_ended(finops, program, now):
    body = {"address": program.address, "description": "Tickets", "types": ["month.closed"]}
    made = finops.post("webhooks", body, key="w1")
    assert made.status_code == 201, made.content
    number, secret = made.json()["webhook_id"], made.json()["secret"]
    assert (made.json()["teams"], made.json()["enabled"]) == (None, True)
    # Neither the list nor the same key says the secret again, and it is not kept with the answer.
    again = finops.post("webhooks", body, key="w1")
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == made.json() | {"secret": None} == finops.get(f"webhooks/{number}").json()
    assert finops.get("webhooks").json()["webhooks"] == [again.json()]
    assert secret not in json.dumps(list(PostedBody.objects.values_list("answer", flat=True)))
    happened("month.closed", "close 1", {"month": "2026-10"})
    [sent] = go(now)
    told = program.verified(secret)
    log = finops.get(f"webhooks/{number}/messages").json()
    assert [(one["message_id"], one["state"]) for one in log["messages"]] == [(sent.pk, "sent")]
    one = finops.get(f"webhooks/{number}/messages/{sent.pk}").json()
    assert one["payload"] == told and one["history"]
    assert told["timestamp"].endswith("Z")
    another = finops.post(f"webhooks/{number}/rotate", {"grace_hours": 0}, key="r1").json()
    assert another["secret"] not in (secret, None) and another["old_secret_until"] is None
    assert finops.delete(f"webhooks/{number}").json() == {"webhook_id": number, "ended": True}
    assert finops.get(f"webhooks/{number}").status_code == 404
    actions = AuditEvent.objects.filter(subject="Tickets").values_list("action", flat=True)
    assert set(actions) == {"webhook_saved", "webhook_secret", "webhook_ended"}


def test_it_is_changed_tested_and_told_again(finops, program, now):
    number = finops.post("webhooks", {"address": program.address}).json()["webhook_id"]
    path = f"webhooks/{number}"
    for n in range(3):
        happened("month.closed", f"close {n}", {"month": "2026-10"})
    go(now)
    assert finops.post(f"{path}/test").json()["state"] == Send.QUEUED
    drain("w", now)
    assert program.types() == ["month.closed"] * 3 + ["webhook.test"]
    asked, found = {"limit": 3, "state": "sent"}, []
    while True:
        told = finops.get(f"{path}/messages", asked).json()
        found += [one["message_id"] for one in told["messages"]]
        if told["next"] is None:
            break
        asked = asked | {"cursor": told["next_cursor"]}
    assert found == sorted(Send.objects.values_list("pk", flat=True))
    assert finops.post(f"{path}/messages/{found[0]}/replay").json()["state"] == Send.QUEUED
    assert finops.post(f"{path}/replay", {"from": "2026-01-01", "to": "2027-01-01T00:00:00Z"}
                       ).json() == {"again": 0, "new": 0}  # fmt: skip
    everything = {"from": "2026-01-01T00:00:00Z", "all": True}
    assert finops.post(f"{path}/replay", everything).json() == {"again": 2, "new": 0}
    changed = finops.patch(path, {"teams": ["relevance"], "enabled": True}).json()
    assert (changed["teams"], changed["address"]) == (["relevance"], program.address)
    drain("w", now)
    assert program.types().count("month.closed") == 3, "it is not for this webhook any more"
    assert finops.post(f"{path}/messages/{found[0]}/replay").status_code == 422
    assert finops.patch(path, {"enabled": False}).json()["enabled"] is False
    assert finops.post(f"{path}/test").status_code == 422
    assert finops.post(f"{path}/replay", everything).json()["detail"].endswith("on first")


def test_only_who_may_connect_reads_and_changes_webhooks(finops, people, program):
    number = finops.post("webhooks", {"address": program.address}).json()["webhook_id"]
    assert Caller(people["finops"], "read").post("webhooks", {}).status_code == 403
    for who in ("viewer", "engineer", "finance", "scoped"):
        caller = Caller(people[who])
        for path in ("webhooks", f"webhooks/{number}", f"webhooks/{number}/messages"):
            assert caller.get(path).status_code == 403, (who, path)
        assert caller.patch(f"webhooks/{number}", {"teams": None}).status_code == 403
        assert caller.post(f"webhooks/{number}/rotate", {"grace_hours": 0}).status_code == 403
    for wrong, field in (({"address": "http://10.0.0.1/x"}, "address"), ({}, "address"),
                         ({"address": program.address, "types": ["x"]}, "types"),
                         ({"address": program.address, "teams": []}, "teams")):  # fmt: skip
        refused = finops.post("webhooks", wrong)
        assert refused.status_code == 422, refused.content
        assert refused.json()["errors"][0]["field"].startswith(field)
    assert finops.post(f"webhooks/{number}/rotate", {"grace_hours": 5}).status_code == 422
    assert Endpoint.objects.count() == 1
