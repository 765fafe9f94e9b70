"""Alerts on their way: once to each, to whom a route says, not in quiet hours, several as one."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from aicost.notify.alerts import quiet_until, route_alerts
from aicost.notify.models import AlertItem, Preference, Recipient, Route, Send
from aicost.notify.outbox import drain
from aicost.web import numbers
from attribution.alerting.actions import assign
from attribution.models import Alert, AlertEvent
from attribution.reports.spec import Asker
from tests.notify.mailbox import html_of, subject_of, text_of
from tests.notify.world import BEFORE, WEEK, cost, make_fortnight

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
SINCE = NOON - timedelta(days=30)


def alert(name: str = "search", severity: str = "major", **more) -> Alert:
    said = {
        "level": "feature", "name": name, "currency": "USD", "kind": "shift",
        "onset": WEEK.start, "last": date(2026, 11, 22), "raised_on": date(2026, 11, 22),
        "severity": severity, "team": "relevance", "owner": "Mara Lindt",
        "expected": Decimal(700), "actual": Decimal(980), "excess": Decimal(280),
        "title": f"Feature {name} rose to a new level", "rule": "A new level is told when…",
        "why_notified": "It is told because it is more than $500 a month.",
    }  # fmt: skip
    return Alert.objects.create(**said | more)


def happened(of: Alert, what: str = "opened", at: datetime = NOON, **figures) -> AlertEvent:
    told = {"expected": f"{of.expected}", "actual": f"{of.actual}", "excess": f"{of.excess}",
            "percent": "40", "currency": "USD", "severity": of.severity}  # fmt: skip
    event = AlertEvent(alert=of, what=what, figures=told | figures, notifies=True)
    AlertEvent.objects.bulk_create([event])
    return event


@pytest.fixture(autouse=True)
def now_is_noon(monkeypatch):
    """Events are written at the moment they happen, which is the noon of the story."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def route(owner, *to, **more) -> Route:
    made = Route.objects.create(name="Search", owner=owner, active_from=SINCE, **more)
    for one in to:
        by = {"address": one} if isinstance(one, str) else {"user": one}
        Recipient.objects.create(route=made, **by)
    return made


def look(now: datetime = NOON):
    done = route_alerts(now)
    drain("w", now)
    return done


def test_an_alert_says_what_the_report_says_and_why_one_gets_it(mailbox, people, home):
    make_fortnight(home)
    asker = Asker("finance")
    actual = cost(WEEK, asker, feature=("search",))
    expected = cost(BEFORE, asker, feature=("search",))
    route(people["finance"], people["viewer"], team="relevance")
    one = alert(actual=actual, expected=expected, excess=actual - expected)
    happened(one)
    assert look().written == 1
    [mail] = mailbox.mails
    assert subject_of(mail) == "Major: Feature search rose to a new level"
    for body in (text_of(mail), html_of(mail)):
        for figure in (
            numbers.money(actual, "USD"),
            numbers.money(expected, "USD"),
            numbers.change(actual - expected, "USD"),
        ):
            assert figure in body
        assert "16 Nov to 22 Nov" in body and "Mara Lindt" in body
        assert "sends alerts of team relevance to viewer" in body
        assert "more than $500 a month" in body
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_it_is_told_once_to_each_whatever_routes_it_fits(mailbox, people):
    viewer, finance = people["viewer"], people["finance"]
    route(finance, viewer, finance)
    route(finance, viewer, severity="critical")
    route(finance, viewer, dimension="feature", target="search")
    route(finance, people["engineer"], dimension="feature", target="answers")
    route(finance, people["finops"], team="support")
    happened(alert())
    assert look().written == 2
    assert look().written == look().events == 0
    assert sorted(one["To"] for one in mailbox.mails) == [
        "finance@example.com",
        "viewer@example.com",
    ]


def test_nobody_is_told_of_what_they_may_not_see_or_do_not_want(mailbox, people):
    finance = people["finance"]
    route(finance, people["scoped"], people["viewer"], people["engineer"], finance)
    Preference.objects.create(user=people["viewer"], alerts=False)
    Preference.objects.create(user=people["engineer"], severity="critical")
    happened(alert("answers", team="support"))
    happened(alert("both", team=""))
    look()
    assert {one["To"] for one in mailbox.mails} == {"finance@example.com"}


def test_it_is_over_is_news_only_to_who_heard_of_it_and_stands_below_it(mailbox, people):
    route(people["finance"], people["viewer"])
    one = alert()
    happened(one)
    look()
    route(people["finance"], people["engineer"])
    happened(one, "updated", excess="560")
    happened(alert("other"), "resolved")
    look()
    happened(one, "resolved")
    look()
    mine = mailbox.to("viewer@example.com")
    assert [subject_of(one) for one in mine] == [
        "Major: Feature search rose to a new level",
        "Major, now larger: Feature search rose to a new level",
        "Resolved: Feature search rose to a new level",
    ]
    assert "+$560.00" in text_of(mine[1])
    assert {one["In-Reply-To"] for one in mine[1:]} == {mine[0]["Message-ID"]}
    later = mailbox.to("engineer@example.com")
    assert [subject_of(one).split(":")[0] for one in later] == ["Major, now larger", "Resolved"]


def test_quiet_hours_hold_all_but_critical_and_then_one_message_comes(mailbox, people):
    viewer = people["viewer"]
    viewer.time_zone = "Europe/Berlin"
    viewer.save()
    route(people["finance"], viewer, quiet_from=time(22), quiet_to=time(7))
    for name in ("search", "ranking"):
        happened(alert(name))
    happened(alert("burning", "critical"))
    done = look(NIGHT)
    assert (done.events, done.written, done.held) == (3, 1, 2)
    assert subject_of(mailbox.mails[0]).startswith("Critical: Feature burning")
    assert look(datetime(2026, 11, 24, 5, 59, tzinfo=UTC)).written == 0
    assert look(datetime(2026, 11, 24, 6, 0, tzinfo=UTC)).written == 1
    bundle = mailbox.mails[1]
    assert subject_of(bundle).startswith("2 alerts; first Feature search")
    assert "Feature ranking" in text_of(bundle) and "+$280.00" in html_of(bundle)
    assert AlertItem.objects.filter(send=None).count() == 0
    assert Send.objects.count() == 2


def test_ones_own_quiet_hours_come_before_those_of_the_route(mailbox, people):
    route(people["finance"], people["viewer"], quiet_from=time(22), quiet_to=time(7))
    Preference.objects.create(
        user=people["viewer"], quiet_from=time(11), quiet_to=time(13), alerts=True
    )
    happened(alert())
    assert look(NOON).held == 1
    assert look(NOON + timedelta(hours=1)).written == 1


@pytest.mark.parametrize(
    ("hours", "local", "until"),
    [
        ((22, 7), (23, 22, 0), (24, 7)),
        ((22, 7), (24, 6, 59), (24, 7)),
        ((22, 7), (24, 7, 0), None),
        ((22, 7), (24, 21, 59), None),
        ((9, 17), (24, 9, 0), (24, 17)),
        ((9, 17), (24, 17, 0), None),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours, local, until):
    zone = ZoneInfo("Europe/Berlin")
    day, hour, minute = local
    now = datetime(2026, 11, day, hour, minute, tzinfo=zone)
    ends = now if until is None else datetime(2026, 11, *until, tzinfo=zone)
    assert quiet_until(time(hours[0]), time(hours[1]), now) == ends


def test_whose_alert_it_becomes_hears_of_that_once(mailbox, people):
    """Without any route; not who took it themselves, nor who may not see it."""
    one, other = alert(), alert("answers", team="support")
    for _ in range(2):
        assign(one.pk, people["engineer"], people["finops"])
    assign(other.pk, people["scoped"], people["finops"])
    look()
    look()
    [mail] = mailbox.mails
    assert mail["To"] == "engineer@example.com"
    assert subject_of(mail) == "Assigned to you: Feature search rose to a new level"
    for body in (text_of(mail), html_of(mail)):
        assert "finops assigned this alert to you." in body and "$980.00" in body
    assign(one.pk, people["viewer"], people["finops"])
    assign(one.pk, people["finance"], people["finance"])
    look()
    assert len(mailbox.mails) == 1
    Preference.objects.create(
        user=people["engineer"], quiet_from=time(11), quiet_to=time(13), alerts=False
    )
    assign(one.pk, people["engineer"], people["finance"])
    look()
    assert len(mailbox.mails) == 1
    look(NOON + timedelta(hours=1))
    assert [one["To"] for one in mailbox.mails] == ["engineer@example.com"] * 2
