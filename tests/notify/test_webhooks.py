"""Webhooks out: what happens is told to programs in the transaction in which it does, once to each,
signed, again and again until it arrives, and never to whom it is not for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import json
from pathlib import Path

from django.db import transaction
from jsonschema import Draft202012Validator, FormatChecker
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from aicost.accounts.models import AuditEvent
from aicost.files.datasets import DATASETS
from aicost.files.destinations import add as add_destination
from aicost.files.export import export
from aicost.happenings.models import Happening
from aicost.happenings.tell import happened
from aicost.kernel.periods import Period
from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import drain
from aicost.notify.purge import purge
from aicost.notify.webhooks.catalogue import EVENT_TYPES, schema
from aicost.notify.webhooks.endpoints import (
    BadEndpoint,
    Wanted,
    add,
    change,
    old_secrets_until,
    rotate,
    send_test,
    switch,
)
from aicost.notify.webhooks.health import switch_off_silent
from aicost.notify.webhooks.matching import tell_endpoints
from aicost.notify.webhooks.replay import BadReplay, replay_one, replay_span
from attribution.alerting.actions import assign, close, comment
from attribution.alerting.states import Look, happen
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.closing.months import close_month, reopen_month
from attribution.entities.changes import By
from attribution.models import Alert
from attribution.models.alerts import OPENED, RESOLVED
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.load import load
from tests.ingest.bills import focus_row, write_focus
from tests.notify.hooks import go, listen
from tests.notify.mailbox import subject_of
from tests.notify.world import BEFORE, WEEK, cost, make_fortnight

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = Asker("admin")
VALID = Draft202012Validator(schema(), format_checker=FormatChecker())
DAY = timedelta(days=1)
DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "webhooks.md"


def alert(name: str = "search", team: str = "relevance", **more) -> Alert:
    said = {
        "level": "feature", "name": name, "currency": "USD", "kind": "shift", "team": team,
        "onset": WEEK.start, "last": date(2026, 11, 22), "raised_on": date(2026, 11, 22),
        "severity": "major", "expected": Decimal(700), "actual": Decimal("981.75"),
        "excess": Decimal("281.75"), "percent": Decimal("40.25"), "monthly": Decimal("1207.5"),
        "title": f"Feature {name} rose to a new level", "notifies": True,
    }  # fmt: skip
    return Alert.objects.create(**said | more)


def opened(one: Alert, what: str = OPENED, tell: bool = True) -> None:
    with transaction.atomic():
        happen(Look(one.last, one.onset), one, what, tell=tell)


def test_an_alert_is_told_signed_once_and_as_the_report_says_it(people, program, home, now):
    make_fortnight(home)
    listened, secret = listen(people, program, "alert.opened")
    actual, expected = (cost(one, EVERYTHING, feature=("search",)) for one in (WEEK, BEFORE))
    one = alert(actual=actual, expected=expected, excess=actual - expected)
    opened(one)
    [sent] = go(now)
    assert sent.state == Send.SENT and go(now + DAY) == []
    told = program.verified(secret)
    assert list(VALID.iter_errors(told)) == []
    assert (told["type"], told["version"]) == ("alert.opened", 1)
    assert (Decimal(told["data"]["actual"]), Decimal(told["data"]["expected"])) == (
        actual, expected,
    )  # fmt: skip
    [row] = run(Spec("alerts", WEEK, EVERYTHING)).rows
    same = ("name", "severity", "currency", "team", "state", "title")
    assert {name: told["data"][name] for name in same} == {name: row[name] for name in same}
    money = ("expected", "actual", "excess", "percent", "monthly")
    assert {name: Decimal(told["data"][name]) for name in money} == {n: row[n] for n in money}
    assert told["data"]["links"] == {
        "page": f"https://cost.example.com/anomalies/{one.pk}/",
        "api": f"https://cost.example.com/api/v1/alerts/{one.pk}",
    }
    _, headers, body = program.got[0]
    assert headers["webhook-id"] == f"msg_{sent.message_id}" and len(body) < 2_000
    assert secret not in json.dumps([listened.sealed, sent.message, sent.history])


def test_what_did_not_happen_is_not_told_and_what_did_once(people, program, now):
    listen(people, program)
    one = alert()
    with pytest.raises(RuntimeError), transaction.atomic():
        happen(Look(one.last, one.onset), one, OPENED, tell=True)
        raise RuntimeError("the look fails after it said so")
    for _ in range(2):
        happened("month.closed", "close 1", {"month": "2026-10"})
    assert go(now) != [] and program.types() == ["month.closed"]
    assert [one.told_at for one in Happening.objects.all()] == [now]


def test_a_program_follows_an_alert_to_its_end_but_hears_of_none_it_was_not_told(
    people, program, now
):
    listen(people, program)
    told, listed = alert(), alert("quiet", notifies=False)
    opened(listed, tell=False)
    opened(told)
    for one in (told, listed):
        comment(one.pk, "A launch", people["engineer"])
        assign(one.pk, people["engineer"], people["finops"])
        opened(one, RESOLVED, tell=False)
        close(one.pk, people["engineer"])
    go(now)
    assert program.types() == [
        "alert.opened", "alert.commented", "alert.assigned", "alert.resolved", "alert.closed",
    ]  # fmt: skip
    for _, _, body in program.got:
        assert list(VALID.iter_errors(json.loads(body))) == []
    assert json.loads(program.got[2][2])["data"]["assigned_to"] == "engineer"


def test_an_endpoint_of_a_team_never_hears_of_another_teams_money(people, program, now):
    listen(people, program, teams=("relevance",))
    for name, team in (("search", "relevance"), ("answers", "support"), ("both", "")):
        opened(alert(name, team))
    crossed = {"budget": None, "day": "2026-09-02"}
    happened("budget.crossed", "a", crossed | {"title": "Ours"}, teams=["relevance"])
    happened("budget.crossed", "b", crossed, teams=["relevance", "support"])
    for kind, data in (("delivery.held", {"first_day": None}), ("month.closed", {"month": "x"})):
        happened(kind, kind, data)
    go(now)
    told = [json.loads(body) for _, _, body in program.got]
    assert [one["type"] for one in told] == ["alert.opened", "budget.crossed"]
    assert (told[0]["data"]["name"], told[1]["data"]["title"]) == ("search", "Ours")
    assert "answers" not in json.dumps(told)


def test_bills_in_force_held_and_restated_are_told_as_reports_say_them(
    client, people, program, home, now
):
    _, secret = listen(people, program)
    make_fortnight(home)
    rows = [focus_row("i-0", f"2026-11-{day:02}", "90.00") for day in range(9, 23)]
    [held] = load([write_focus(home / "half.csv", *rows)], "cloud")
    assert held.state == "held"
    load([home / "half.csv"], "cloud")
    load([home / "half.csv"], "cloud", replace=True)
    go(now)
    told = [program.verified(secret, at) for at in range(len(program.got))]
    assert [e for one in told for e in VALID.iter_errors(one)] == []
    assert sorted(program.types()) == [
        "delivery.held", "delivery.published", "delivery.published", "restatement",
    ]  # fmt: skip
    by_type = {one["type"]: one["data"] for one in told}
    client.force_login(people["admin"])
    for one in told:
        followed(client, one)
    assert by_type["delivery.held"]["message"] == held.message
    november = Spec("deliveries", WEEK, EVERYTHING)
    for data in (one["data"] for one in told if one["type"] == "delivery.published"):
        [row] = [r for r in run(november).rows if r["delivery_id"] == data["delivery"]]
        [total] = data["totals"]
        assert Decimal(total["billed_cost"]) == row["billed_cost"]
        assert Decimal(total["effective_cost"]) == row["effective_cost"]
        assert data["rows"] == row["rows_loaded"]
    [row] = run(Spec("restatements", WEEK, EVERYTHING)).rows
    change_ = by_type["restatement"]
    for name in ("billed_delta", "effective_delta"):
        assert Decimal(change_[name]) == row[name] < 0
    assert change_["charges_removed"] == row["charges_removed"]


def test_months_and_budgets_are_told_when_they_change_and_once(
    client, people, program, home, now, monkeypatch
):
    _, secret = listen(people, program)
    make_fortnight(home)
    save_budget({"title": "All AI", "amount": "100", "currency": "USD"}, By(reason="a test"))
    monkeypatch.setattr("attribution.budgeting.outward.utc_today", lambda: date(2026, 11, 12))
    for day in (9, 10, 10, 11):
        remember(date(2026, 11, day))
    close_month(date(2026, 11, 1), people["finops"], anyway="a test")
    reopen_month(date(2026, 11, 1), people["finops"], "a test too")
    go(now + DAY)
    told = [program.verified(secret, at) for at in range(len(program.got))]
    assert [e for one in told for e in VALID.iter_errors(one)] == []
    told = [one for one in told if not one["type"].startswith("delivery")]
    assert [one["type"] for one in told] == ["budget.crossed", "month.closed", "month.reopened"]
    client.force_login(people["admin"])
    for one in told:
        followed(client, one)
    crossed, closed, reopened = (one["data"] for one in told)
    day = date.fromisoformat(crossed["day"])
    assert crossed["level"] == "breach" and day == date(2026, 11, 9)
    [row] = run(Spec("budgets", Period(day, day + DAY), EVERYTHING)).rows
    assert Decimal(crossed["used"]) == row["used"]
    assert Decimal(crossed["available"]) == row["available"]
    assert closed["anyway"] == "a test" and reopened["why"] == "a test too"
    [total] = closed["totals"]
    asked = Spec("cost", Period(date(2026, 11, 1), date(2026, 12, 1)), EVERYTHING)
    assert Decimal(total["effective_cost"]) == sum(one["cost"] for one in run(asked).rows)


def test_daily_files_are_told_once_some_were_written(people, program, home, now):
    _, secret = listen(people, program, "export.written")
    make_fortnight(home)
    lake = add_destination("lake", str(home / "exports" / "lake"), {}, [DATASETS[0].name])
    done = [export(lake) for _ in range(2)]
    assert done[0].days_written and not done[1].days_written
    go(now)
    told = program.verified(secret)
    assert len(program.got) == 1 and list(VALID.iter_errors(told)) == []
    assert (told["data"]["destination"], told["data"]["rows"]) == ("lake", done[0].rows)


def followed(client, told: dict) -> None:
    """Both links of a message answer who may see what it says."""
    for link in told["data"]["links"].values():
        answer = client.get(link.removeprefix("https://cost.example.com"))
        assert answer.status_code == 200, link


def test_a_new_secret_signs_beside_the_one_before_until_its_time_is_up(people, program, now):
    endpoint, first = listen(people, program)
    second = rotate(endpoint, 24, now)
    third = rotate(endpoint, 24, now + timedelta(minutes=1))
    assert old_secrets_until(endpoint, now) == now + DAY + timedelta(minutes=1)
    send_test(endpoint, people["finops"], now)
    drain("w", now)
    for secret in (first, second, third):
        assert program.verified(secret)["type"] == "webhook.test"
    assert list(VALID.iter_errors(program.verified(third))) == []
    send_test(endpoint, people["finops"], now + 2 * DAY)
    drain("w", now + 2 * DAY)
    assert program.verified(third)
    for secret in (first, second):
        with pytest.raises(WebhookVerificationError):
            program.verified(secret)
    fourth = rotate(endpoint, 0, now)
    send_test(endpoint, people["finops"], now + 3 * DAY)
    drain("w", now + 3 * DAY)
    assert program.verified(fourth)
    with pytest.raises(WebhookVerificationError):
        program.verified(third)
    with pytest.raises(BadEndpoint, match="take one of"):
        rotate(endpoint, 7)


def test_any_answer_but_yes_is_tried_again_with_one_id(people, program, now):
    endpoint, _ = listen(people, program)
    send_test(endpoint, people["finops"], now)
    program.answers[:] = [404, 302, 0, 500, 200]
    [done] = drain("w", now)
    assert (done.state, done.answered) == (Send.QUEUED, 404)
    for _ in range(4):
        [done] = drain("w", done.next_try_at)
    assert (done.state, done.tries, done.answered) == (Send.SENT, 5, None)
    assert len({headers["webhook-id"] for _, headers, _ in program.got}) == 1


def test_who_does_not_answer_does_not_keep_others_waiting(people, program, now):
    endpoint, _ = listen(people, program)
    for n in range(3):
        happened("month.closed", f"close {n}", {"month": "2026-10"})
    tell_endpoints(now)
    program.answers[:] = [0]
    [tried] = drain("w", now)  # the other two are not asked for at all
    assert tried.state == Send.QUEUED and len(program.got) == 1
    later = drain("w", tried.next_try_at)
    assert [one.state for one in later] == [Send.SENT] * 3
    assert later[-1] == tried


def test_where_nobody_is_for_days_it_is_switched_off_and_said(people, program, mailbox, now):
    endpoint, _ = listen(people, program)
    send_test(endpoint, people["finops"], now)
    drain("w", now)
    program.answers[:] = [500] * 99
    at = now + DAY
    while at < now + 8 * DAY:
        if not Send.objects.filter(state=Send.QUEUED).exists():
            send_test(endpoint, people["finops"], at)
        drain("w", at)
        switched = switch_off_silent(at)
        if switched:
            break
        at += timedelta(hours=3)
    endpoint.refresh_from_db()
    assert not endpoint.enabled and "nothing arrived since" in endpoint.off_why
    assert now + 6 * DAY <= at <= now + 7 * DAY
    assert AuditEvent.objects.get(action="webhook_off").subject == "The ticket system"
    drain("w", at)
    [mail] = mailbox.mails
    assert mail["To"] == "finops@example.com"
    assert subject_of(mail) == "The webhook The ticket system was switched off"
    assert switch_off_silent(at + DAY) == 0
    happened("month.closed", "close 1", {"month": "2026-10"})
    assert {one.state for one in go(at + DAY)} <= {Send.SUPPRESSED}
    switch(endpoint, True, now=at + DAY)
    assert endpoint.off_why == "" and switch_off_silent(at + DAY) == 0


def test_410_says_that_nobody_is_there_any_more(people, program, now):
    endpoint, _ = listen(people, program)
    program.answers[:] = [410]
    send_test(endpoint, people["finops"], now)
    [done] = drain("w", now)
    assert (done.state, done.answered, done.tries) == (Send.FAILED, 410, 1)
    assert switch_off_silent(now) == 1
    endpoint.refresh_from_db()
    assert "410 Gone" in endpoint.off_why


def test_one_message_or_a_span_is_sent_again(people, program, now):
    endpoint, _ = listen(people, program, "month.closed", "month.reopened")
    happened("month.closed", "close 1", {"month": "2026-09"})
    [sent] = go(now)
    switch(endpoint, False)
    happened("month.closed", "close 2", {"month": "2026-10"})
    happened("delivery.held", "held", {"first_day": None})
    assert go(now) == []
    with pytest.raises(BadReplay, match="switch it on"):
        replay_one(sent, people["finops"], now)
    switch(endpoint, True)
    assert go(now) == []
    span = (now - DAY, datetime.now(UTC) + DAY)
    done = replay_span(endpoint, *span, people["finops"], now=now)
    assert (done.again, done.new) == (0, 1)
    assert replay_one(sent, people["finops"], now)
    assert not replay_one(sent, people["finops"], now)  # it waits already
    assert [one.state for one in drain("w", now)] == [Send.SENT] * 2
    done = replay_span(endpoint, *span, people["finops"], all_of_it=True, now=now)
    assert (done.again, done.new) == (2, 0)
    drain("w", now)
    ids = [headers["webhook-id"] for _, headers, _ in program.got]
    assert len(ids) == 5 and len(set(ids)) == 2
    with pytest.raises(BadReplay):
        replay_span(endpoint, now, now, people["finops"])


def test_an_endpoint_leads_outward_and_takes_only_types_there_are(people, program, settings):
    wrong = {
        "http://example.com/x": "https://", "https://u:p@example.com/": "credentials",
        "https://10.0.0.1/x": "inner", "https://169.254.169.254/": "inner", "nonsense": "http",
    }  # fmt: skip
    for address, why in wrong.items():
        with pytest.raises(BadEndpoint, match=why):
            add(Wanted(address), people["finops"])
    for bad in (Wanted(program.address, types=("no.such",)), Wanted(program.address, teams=())):
        with pytest.raises(BadEndpoint):
            add(bad, people["finops"])
    assert not Endpoint.objects.exists()
    endpoint, _ = add(Wanted(program.address), people["finops"])
    settings.AICOST_HOOK_HOSTS = []
    send_test(endpoint, people["finops"])
    [done] = drain("w")
    assert done.state == Send.FAILED and "inner address" in done.said and program.got == []
    with pytest.raises(BadEndpoint):
        change(endpoint, Wanted(program.address))


def test_what_is_old_and_settled_is_deleted(people, program, now):
    listen(people, program)
    happened("month.closed", "close 1", {"month": "2026-09"})
    go(now)
    assert purge(now + 80 * DAY) == {"sends": 0, "happenings": 0}
    assert purge(now + 100 * DAY) == {"sends": 1, "happenings": 1}


def test_every_type_has_a_page_and_a_schema():
    Draft202012Validator.check_schema(schema())
    assert len({one.name for one in EVENT_TYPES}) == len(EVENT_TYPES) == 17
