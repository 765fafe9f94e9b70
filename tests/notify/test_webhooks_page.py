"""The pages of webhooks: added with a secret shown once, tried, replayed, ended; for who may."""

import html
import re

import pytest

from aicost.accounts.models import AuditEvent
from aicost.happenings.tell import happened
from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import drain
from aicost.notify.webhooks.endpoints import switch
from tests.notify.hooks import go, listen

pytestmark = pytest.mark.django_db(transaction=True)
MARKUP = "<script>alert(1)</script>"


def page(client, at: str, status: int = 200) -> str:
    answer = client.get(f"/reports/webhooks/{at}")
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def post(client, at: str, status: int = 200, **values) -> str:
    answer = client.post(f"/reports/webhooks/{at}", values)
    assert answer.status_code == status, answer.content.decode()
    return html.unescape(answer.content.decode())


def test_a_secret_is_shown_once_and_a_test_stands_in_the_log(client, people, program, now):
    client.force_login(people["finops"])
    assert "No program hears what happens yet" in page(client, "")
    told = post(client, "add/", address=program.address, description=MARKUP, which="some",
                type=["month.closed"], scope="all")  # fmt: skip
    [secret] = re.findall(r"whsec_[\w+/=]+", told)
    endpoint = Endpoint.objects.get()
    assert (endpoint.types, endpoint.teams) == (["month.closed"], None)
    assert secret not in page(client, f"{endpoint.pk}/") and secret not in endpoint.sealed
    assert MARKUP.encode() not in client.get(f"/reports/webhooks/{endpoint.pk}/").content
    assert "on its way" in post(client, f"{endpoint.pk}/test/")
    drain("w")
    assert program.verified(secret)["type"] == "webhook.test"
    log = page(client, f"{endpoint.pk}/")
    assert "webhook.test: asked for by finops" in log and "answers 204" in log
    sent = Send.objects.get()
    shown = page(client, f"messages/{sent.pk}/")
    assert f"msg_{sent.message_id}" in shown and '"type": "webhook.test"' in shown
    assert sent.subject not in client.get("/reports/sent/").content.decode()
    changed = post(client, f"{endpoint.pk}/secret/", grace="24")
    assert "copy it now" in changed and "still signs until" in changed
    kept = AuditEvent.objects.filter(action__startswith="webhook").order_by("pk")
    assert [one.action for one in kept] == ["webhook_saved", "webhook_secret"]
    assert secret not in str([one.detail for one in kept])


def test_what_was_missed_is_replayed_and_what_is_off_is_said(client, people, program, now):
    client.force_login(people["admin"])
    endpoint, _ = listen(people, program)
    switch(endpoint, False, "nothing arrived since 2026-11-20 08:00 UTC")
    happened("month.closed", "close 1", {"month": "2026-10"})
    go(now)
    for address in ("", f"{endpoint.pk}/"):
        assert "switched off by itself: nothing arrived since" in page(client, address)
    assert "switched off by itself" in client.get("/reports/").content.decode()
    assert "switch it on first" in post(client, f"{endpoint.pk}/test/", 400)
    span = {"from": "2026-01-01", "to": "2199-01-01"}
    assert "switched off" in post(client, f"{endpoint.pk}/replay/", 400, **span)
    post(client, f"{endpoint.pk}/pause/", 302)
    assert "1 message of what happened meanwhile" in post(client, f"{endpoint.pk}/replay/", **span)
    [sent] = drain("w", now)
    assert program.types() == ["month.closed"]
    post(client, f"messages/{sent.pk}/again/", 302)
    drain("w", now)
    assert program.types() == ["month.closed"] * 2
    for wrong in ({"from": "x", "to": "y"}, {"from": "2026-02-01", "to": "2026-01-01"}, {}):
        post(client, f"{endpoint.pk}/replay/", 400, **wrong)
    post(client, f"{endpoint.pk}/end/", 302)
    page(client, f"{endpoint.pk}/", 404)
    assert "No program hears" in page(client, "")
    post(client, f"messages/{sent.pk}/again/", 400)


def test_only_who_may_connect_sources_sees_and_changes_them(client, people, program):
    endpoint, _ = listen(people, program)
    for who in ("viewer", "engineer", "finance", "scoped"):
        client.force_login(people[who])
        page(client, "", 403)
        page(client, f"{endpoint.pk}/", 403)
        post(client, "add/", 403, address=program.address)
        post(client, f"{endpoint.pk}/test/", 403)
        assert program.address not in client.get("/reports/").content.decode()
    assert Endpoint.objects.count() == 1 and not Send.objects.exists()


def test_a_form_says_what_is_wrong_with_it(client, people, program):
    client.force_login(people["admin"])
    for values, why in (
        ({"address": "https://10.0.0.1/"}, "inner address"),
        ({"address": "http://example.com/"}, "https://"),
        ({"address": program.address, "which": "some"}, "choose at least one"),
        ({"address": program.address, "which": "some", "type": "x" * 999}, "no type"),
        ({"address": program.address, "scope": "teams"}, "at least one team"),
        ({"address": program.address, "description": "x" * 121}, "at most 120"),
        ({"address": "a\x00b"}, "characters"),
        ({}, "http"),
    ):
        assert why in post(client, "add/", 400, **values)
    assert not Endpoint.objects.exists()
