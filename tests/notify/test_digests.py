"""A digest in the mailbox says what the reports say, to the cent, of what its reader may see."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import re
from threading import Barrier, Thread

from django.db import connection
import pytest

from aicost.accounts.scope import asker_of
from aicost.kernel.periods import Period
from aicost.notify.models import Recipient, Schedule, Send
from aicost.notify.outbox import drain
from aicost.notify.render import HTML_BYTES_MAX
from aicost.notify.schedules import send_due, send_me
from aicost.web import numbers
from aicost.web.models import SavedView
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.reports import REPORTS, run
from attribution.reports.base import Report
from attribution.reports.spec import LEFT_OUT, Asker, Spec
from tests.notify.mailbox import html_of, subject_of, text_of
from tests.notify.world import BEFORE, FIRST, WEEK, cost, make_fortnight

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # when a weekly one is due in UTC
ALL = Asker("finance")
LAST = date(2026, 11, 22)


@pytest.fixture
def bills(home):
    make_fortnight(home)


def digest(owner, *to, **more) -> Schedule:
    made = Schedule.objects.create(
        name="Weekly", owner=owner, active_from=MONDAY - timedelta(days=3), **more
    )
    for one in to:
        by = {"address": one} if isinstance(one, str) else {"user": one}
        Recipient.objects.create(schedule=made, **by)
    Recipient.objects.update(made_at=MONDAY - timedelta(days=3))
    return made


def sent(now: datetime = MONDAY) -> None:
    assert send_due(now).failed == 0
    drain("w", now)


def test_its_figures_are_those_of_the_report_to_the_cent(mailbox, people, bills):
    digest(people["finance"], people["finance"])
    sent()
    [mail] = mailbox.mails
    now, before = cost(WEEK, ALL), cost(BEFORE, ALL)
    assert (now, before) == (cost(WEEK, ALL), cost(BEFORE, ALL))
    grown = numbers.change_percent(now, before)
    assert subject_of(mail).startswith(f"AI spend $1.34k, {grown} — search")
    for body in (text_of(mail), html_of(mail).replace("&#x27;", "'")):
        assert numbers.money(now, "USD") in body
        assert f"{numbers.change(now - before, 'USD')}, {grown} on 9–15 Nov" in body
        for feature in ("search", "answers"):
            assert numbers.money(cost(WEEK, ALL, feature=(feature,)), "USD") in body
            delta = cost(WEEK, ALL, feature=(feature,)) - cost(BEFORE, ALL, feature=(feature,))
            assert numbers.change(delta, "USD") in body
        lost = cost(WEEK, ALL, kind=("unattributed",))
        assert numbers.money(lost, "USD") in body
        assert numbers.percent(lost, now) in body
        assert "cloud through 22 Nov" in body
        assert "effective cost" in body
        assert "You get this because" in body
    assert len(html_of(mail).encode()) <= HTML_BYTES_MAX
    assert "<style" in html_of(mail) and "prefers-color-scheme: dark" in html_of(mail)
    assert not re.search(r"<(script|link|img)\b", html_of(mail))


def test_everybody_reads_only_what_they_may_see(mailbox, people, bills):
    """The engineer sees one team; the address reads what finance may see, and follows no link."""
    digest(people["finance"], people["scoped"], "cfo@customer.example", people["viewer"])
    sent()
    [scoped] = mailbox.to("scoped@example.com")
    one_team = cost(WEEK, asker_of(people["scoped"]))
    assert one_team == cost(WEEK, ALL, feature=("search",))
    assert numbers.money(one_team, "USD") in text_of(scoped)
    assert "answers" not in text_of(scoped) and "answers" not in html_of(scoped)
    assert "only teams relevance" in text_of(scoped)
    [stranger] = mailbox.to("cfo@customer.example")
    assert numbers.money(cost(WEEK, ALL), "USD") in text_of(stranger)
    links = set(re.findall(r"https://cost\.example\.com/[a-z-]*", html_of(stranger)))
    assert links == {"https://cost.example.com/unsubscribe"}
    [viewer] = mailbox.to("viewer@example.com")
    assert "https://cost.example.com/why" in text_of(viewer)


def test_it_is_of_a_team_or_of_a_saved_view(mailbox, people, bills):
    finance = people["finance"]
    view = SavedView.objects.create(
        owner=finance, name="Mine", page="explore", path="/explore/",
        query="period=month&feature=answers",
    )  # fmt: skip
    digest(finance, finance, about="team", team="support")
    digest(finance, finance, about="view", view=view)
    sent()
    answers = cost(WEEK, ALL, feature=("answers",))
    assert len(mailbox.mails) == 2
    for mail, named in zip(mailbox.mails, ("support", "Mine"), strict=True):
        assert subject_of(mail).startswith(f"{named}: AI spend")
        assert f"Spend: {numbers.money(answers, 'USD')}" in text_of(mail)
        assert "search" not in text_of(mail)
    assert "Feature: answers" in text_of(mailbox.mails[1])
    view.delete()
    assert send_due(MONDAY + timedelta(days=7)).failed == 1
    broken = Schedule.objects.get(about="view")
    assert broken.problem == "its saved view was deleted: choose another one"


def test_it_comes_at_the_readers_own_hour(mailbox, people, bills):
    viewer = people["viewer"]
    viewer.time_zone = "America/New_York"
    viewer.save()
    digest(people["finance"], viewer, people["finance"])
    sent(MONDAY)
    assert [one["To"] for one in mailbox.mails] == ["finance@example.com"]
    sent(MONDAY + timedelta(hours=4, minutes=59))
    assert len(mailbox.mails) == 1
    sent(MONDAY + timedelta(hours=5))
    assert mailbox.mails[1]["To"] == "viewer@example.com"


def test_it_waits_six_hours_for_a_late_bill_and_then_says_what_is_missing(mailbox, people, home):
    make_fortnight(home, days=12)
    digest(people["finance"], people["finance"])
    for minutes in (0, 60, 359):
        assert send_due(MONDAY + timedelta(minutes=minutes)).waiting == 1
    sent(MONDAY + timedelta(hours=6))
    [mail] = mailbox.mails
    assert subject_of(mail).startswith("Partial: AI spend")
    assert "cloud ends on 20 Nov" in text_of(mail)
    assert Send.objects.get().partial


def test_two_beats_for_an_hour_send_one_digest_to_each(mailbox, people, bills):
    """Two processes look once a minute, at the same moment, from before it is due to after."""
    to = [people[name] for name in ("finance", "viewer", "scoped")]
    digest(people["finance"], *to)
    minutes = [MONDAY + timedelta(minutes=n - 10) for n in range(0, 60, 3)]
    together, failed = Barrier(2), []

    def beat() -> None:
        try:
            for now in minutes:
                together.wait(30)
                failed.append(send_due(now).failed)
                drain(f"w{id(now)}", now)
        finally:
            connection.close()

    beats = [Thread(target=beat) for _ in range(2)]
    for one in beats:
        one.start()
    for one in beats:
        one.join()
    assert sum(failed) == 0 and len(failed) == 2 * len(minutes)
    assert sorted(one["To"] for one in mailbox.mails) == sorted(user.email for user in to)
    assert Send.objects.count() == 3


def test_what_fell_due_while_it_was_paused_is_not_sent(mailbox, people, bills):
    made = digest(people["finance"], people["finance"])
    Schedule.objects.filter(pk=made.pk).update(enabled=False)
    sent()
    Schedule.objects.filter(pk=made.pk).update(
        enabled=True, active_from=MONDAY + timedelta(hours=1)
    )
    sent(MONDAY + timedelta(hours=2))
    assert mailbox.mails == []


def test_one_click_ends_it_and_looking_at_the_link_does_not(mailbox, people, bills, client):
    digest(people["finance"], people["finance"], people["viewer"])
    sent()
    [mail] = mailbox.to("viewer@example.com")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [address] = re.findall(r"<https://cost\.example\.com(/unsubscribe/[^>]+)>",
                           str(mail["List-Unsubscribe"]))  # fmt: skip
    assert client.get(address).status_code == 200
    assert Recipient.objects.filter(ended_at=None).count() == 2
    assert client.get(f"{address[:-2]}x/").status_code == 404
    done = client.post(address, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200 and b"Done" in done.content
    [left] = Recipient.objects.filter(ended_at=None)
    assert left.user == people["finance"]
    sent(MONDAY + timedelta(days=7))
    assert len(mailbox.to("viewer@example.com")) == 1


def test_a_test_is_marked_as_one_and_ends_nothing(mailbox, people, bills):
    made = digest(people["finance"], people["finance"])
    send_me(made, people["viewer"], MONDAY)
    drain("w", MONDAY)
    [mail] = mailbox.mails
    assert mail["To"] == "viewer@example.com"
    assert subject_of(mail).startswith("Test: AI spend")
    assert mail["List-Unsubscribe"] is None


def test_its_budgets_and_forecast_are_those_of_their_reports(mailbox, people, bills):
    save_budget({"title": "All AI", "amount": "2000", "currency": "USD"}, By(reason="a test"))
    remember(LAST)
    digest(people["finance"], people["finance"])
    sent()
    text = text_of(mailbox.mails[0])
    spec = Spec("budgets", WEEK, ALL, estimates=LEFT_OUT)
    [row] = run(spec).rows
    assert row["used"] == cost(Period(FIRST, WEEK.end), ALL)
    used, available = (numbers.money(row[name], "USD") for name in ("used", "available"))
    assert f"{used} of {available}" in text
    assert f"Budget of the month: {available}" in text
    [month] = [r for r in run(replace(spec, report="forecast")).rows if r["horizon"] == "month"]
    ends = numbers.UNKNOWN if month["p50"] is None else numbers.money(month["p50"], "USD", 0)
    assert f"November forecast: {ends}" in text


def test_it_lists_the_anomalies_that_began_in_its_days(mailbox, people, bills, monkeypatch):
    """Of a team's digest those of the team; what nobody is told of, or began before, is left
    out."""
    told = {"told": "yes", "state": "open", "severity": "major", "level": "feature",
            "onset": WEEK.start, "excess": Decimal("281.05"), "currency": "USD", "kind": "shift",
            "parent_id": None, "monthly": None}  # fmt: skip
    rows = [
        told | {"alert_id": 1, "title": "search rose", "name": "search", "team": "relevance"},
        told | {"alert_id": 2, "title": "answers rose", "name": "answers", "team": "support"},
        told | {"alert_id": 3, "title": "old", "name": "x", "team": "", "onset": FIRST},
        told | {"alert_id": 4, "title": "quiet", "name": "x", "team": "", "told": "no"},
    ]
    report = Report("alerts", "Alerts", lambda spec: rows, lambda spec: tuple(rows[0]))
    monkeypatch.setitem(REPORTS, "alerts", report)
    digest(people["finance"], people["finance"])
    digest(people["finance"], people["finance"], about="team", team="support")
    sent()
    whole, of_team = (text_of(mail).partition("NEW ANOMALIES")[2] for mail in mailbox.mails)
    listed = whole.partition("WHERE IT")[0]
    assert "Major: search rose: +$281.05" in listed and "answers rose" in listed
    assert "old" not in listed and "quiet" not in listed
    assert "search rose" not in of_team and "answers rose" in of_team


def test_it_lists_what_could_be_switched_off_and_rules_that_would_help(
    mailbox, people, bills, monkeypatch
):
    """What stands and is older than these days; of a team's digest the team's, and no rules."""
    told = {"told": "yes", "state": "open", "severity": "minor", "level": "feature", "name": "x",
            "onset": FIRST, "excess": None, "currency": "USD", "parent_id": None, "team": "",
            "kind": "idle_gpu", "monthly": Decimal("310.4")}  # fmt: skip
    rows = [
        told | {"alert_id": 1, "title": "GPU node-a idles", "team": "support"},
        told | {"alert_id": 2, "title": "tuning is forgotten", "kind": "forgotten_experiment"},
        told | {"alert_id": 3, "title": "a spike", "kind": "spike"},
        told | {"alert_id": 4, "title": "over", "state": "resolved"},
        told | {"alert_id": 5, "title": "told by another", "parent_id": 1},
        told | {"alert_id": 6, "title": "began now", "onset": WEEK.start},
    ]
    alerts = Report("alerts", "Alerts", lambda spec: rows, lambda spec: tuple(rows[0]))
    monkeypatch.setitem(REPORTS, "alerts", alerts)
    digest(people["finance"], people["finance"])
    digest(people["finance"], people["finance"], about="team", team="support")
    sent()
    whole, of_team = (
        text_of(mail).partition("OPEN RECOMMENDATIONS")[2].partition("WHERE IT")[0]
        for mail in mailbox.mails
    )
    assert "GPU node-a idles: $310.40 in 30 days" in whole and "tuning is forgotten" in whole
    for absent in ("a spike", "over", "told by another", "began now"):
        assert f"- {absent}" not in whole
    assert "node-a" in of_team and "tuning" not in of_team and "suggested" not in of_team
    found = run(Spec("rule_suggestions", WEEK, Asker("finance"))).rows
    cost = sum((row["cost"] for row in found if row["conditions"]), Decimal(0))
    assert (f"suggested: {numbers.money(cost, 'USD')}" in whole) == bool(cost)
