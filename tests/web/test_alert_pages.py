"""Anomalies and the page of an alert: what stands, who may see it, who may act."""

from datetime import timedelta

from django.urls import reverse
import pytest

from aicost.accounts.models import AuditEvent
from aicost.accounts.people import add_user
from aicost.kernel.periods import utc_today
from attribution.models import Alert, AlertEvent, KnownEvent
from tests.web.furnished import DAYS, furnish
from tests.web.written import words as text

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return furnish()


def page(client, person, address: str) -> str:
    client.force_login(person)
    answer = client.get(address)
    assert answer.status_code == 200, address
    return text(answer.content.decode())


def test_it_lists_what_stands_the_dearest_first_with_its_owner(client, people):
    shown = page(client, people["finance"], f"/anomalies/?{DAYS}")
    for one in ("Feature search cost more", "Mara Lindt", "$40.00", "+$40.00", "+100.0%", "$600",
                  "Team a cost more", "resolved", "Looked at the ledger"):  # fmt: skip
        assert one in shown, one


def test_its_lists_stand_as_their_heads_say(client, people):
    """What stands, what is over: each sorted by its own heads; the rest of the page stays."""
    first = Alert.objects.get(title="Feature search cost more")
    for days, title, state in ((1, "A small one", "open"), (2, "An old one", "closed"),
                               (3, "Yet an older one", "closed")):  # fmt: skip
        first.pk, first.title, first.state = None, title, state
        first.onset, first.excess, first.monthly = first.onset - timedelta(days=1), days, days
        first.save()

    def order(sort: str, *titles: str) -> list[str]:
        shown = page(client, people["finance"], f"/anomalies/?{DAYS}&sort={sort}")
        return sorted(titles, key=shown.index)

    small, search = "A small one", "Feature search cost more"
    assert order("", small, search) == order("excess", small, search) == [search, small]
    assert order("title", search, small) == order("-monthly", search, small) == [small, search]
    old, older = "An old one", "Yet an older one"
    assert order("past.excess", old, older) == order("-past.title", old, older) == [older, old]


def test_of_storage_that_grows_its_page_shows_the_storage_alone(client, people):
    alert = Alert.objects.get(title="Feature search cost more")
    whole = client_costs(client, people, alert)
    alert.kind = "storage_growth"
    alert.save()
    stored = client_costs(client, people, alert)
    assert sum(stored) < sum(whole)
    assert "Storage cost" in page(client, people["finance"], reverse("alert", args=[alert.pk]))


def client_costs(client, people, alert: Alert) -> list[float]:
    client.force_login(people["finance"])
    drawn = client.get(f"/figures/alert/chart.json?alert={alert.pk}").json()
    return [float(value or 0) for value in drawn["data"][0]["y"]]


def test_an_alert_has_its_figures_rule_and_history(client, people):
    alert = Alert.objects.get(title="Feature search cost more")
    shown = page(client, people["finance"], reverse("alert", args=[alert.pk]))
    for one in ("expected $40.00", "cost $80.00", "+$40.00 or +100.0%", "A rule.",
                  "Snooze until", "What became of it"):  # fmt: skip
        assert one in shown, one
    chart = client.get(f"/figures/alert/chart.json?alert={alert.pk}").json()
    assert [trace["name"] for trace in chart["data"]][:2] == ["Cost", "Expected"]
    assert client.get(f"/panels/alert/drivers/?alert={alert.pk}").status_code == 200


def test_an_alert_of_estimates_says_so_and_shows_its_hours(client, people):
    alert = Alert.objects.get(title="Feature search cost more")
    alert.estimate = True
    alert.evidence["hours"] = [
        [f"{alert.onset}T{hour:02}:00:00Z", f"{cost}.00", expected, cost > 10]
        for hour, cost, expected in ((7, 10, "10.00"), (8, 75, "10.10"), (9, 9, None))
    ]
    alert.save()
    shown = page(client, people["finance"], reverse("alert", args=[alert.pk]))
    for one in ("estimated at $80.00", "estimate, until its bill is final", "08:00 $10.10 $75.00",
                "has not judged it yet"):  # fmt: skip
        assert one in shown, one
    assert "its bill is to come" in page(client, people["finance"], f"/anomalies/?{DAYS}")


def test_who_sees_only_one_team_sees_its_alerts_only(client, people):
    alert = Alert.objects.get(title="Feature search cost more")
    own = add_user("of-a", "correct-horse-battery", role="engineer", teams=["a"])
    other = add_user("of-b", "correct-horse-battery", role="engineer", teams=["b"])
    assert "search cost more" in page(client, own, "/anomalies/")
    assert "search cost more" not in page(client, other, "/anomalies/")
    assert client.get(reverse("alert", args=[alert.pk])).status_code == 404
    assert client.post(reverse("alert_do", args=[alert.pk, "close"])).status_code == 404
    assert client.get(f"/figures/alert/chart.json?alert={alert.pk}").status_code == 404


def test_people_act_by_plain_forms_and_a_viewer_only_reads(client, people):
    alert = Alert.objects.get(title="Feature search cost more")

    def act(what: str, **told) -> int:
        return client.post(reverse("alert_do", args=[alert.pk, what]), told).status_code

    client.force_login(people["viewer"])
    assert act("close") == 403
    assert "Snooze until" not in page(client, people["viewer"], f"/anomalies/{alert.pk}/")
    client.force_login(people["finance"])
    week = utc_today() + timedelta(days=7)
    assert act("snooze", until="tomorrow") == act("feedback", verdict="meh") == 400
    assert act("comment", text="  ") == act("assign", to="999999") == 400
    for what, told in (("acknowledge", {}), ("snooze", {"until": week}), ("comment", {"text": "x"}),
                       ("assign", {"to": people["finance"].pk}), ("close", {}),
                       ("feedback", {"verdict": "useful"})):  # fmt: skip
        assert act(what, **told) == 302, what
    said = list(
        AlertEvent.objects.filter(alert=alert).order_by("id").values_list("what", flat=True)
    )
    assert said == ["acknowledged", "snoozed", "commented", "assigned", "closed", "feedback"]
    alert.refresh_from_db()
    assert (alert.state, alert.snoozed_until, alert.assigned_to) == (
        "closed", week, people["finance"])  # fmt: skip


def test_an_event_is_announced_withdrawn_and_kept_in_the_trail(client, people):
    client.force_login(people["finance"])
    day = (utc_today() + timedelta(days=5)).isoformat()

    def announce(**told) -> int:
        given = {"text": "Launch of answers", "level": "feature", "name": "answers", "begins": day}
        return client.post(reverse("event_announce"), given | told).status_code

    assert announce() == announce(level="organisation", name="", ends=day) == 302
    for wrong in ({"begins": "soon"}, {"ends": "2020-01-01"}, {"text": " "}, {"level": "planet"},
                  {"level": "organisation"}, {"name": ""}, {"begins": "2020-01-01"},
                  {"text": "x" * 201}, {"name": "a\x00b"}):  # fmt: skip
        assert announce(**wrong) == 400, wrong
    shown = page(client, people["finance"], "/anomalies/")
    for one in ("Launch of answers", "Feature answers", "ahead", "Load test of search"):
        assert one in shown, one
    made = KnownEvent.objects.get(name="answers")
    assert (made.ends, made.by) == (None, people["finance"])
    client.force_login(people["viewer"])
    assert announce() == 403
    assert client.post(reverse("event_withdraw", args=[made.pk])).status_code == 403
    client.force_login(people["finance"])
    assert client.post(reverse("event_withdraw", args=[made.pk])).status_code == 302
    assert client.post(reverse("event_withdraw", args=[made.pk])).status_code == 404
    said = AuditEvent.objects.filter(subject="Launch of answers").order_by("pk")
    actions = [one.action for one in said]
    assert actions == ["event_announced", "event_announced", "event_withdrawn"]


def test_who_sees_one_team_announces_of_it_and_of_nothing_else(client, people):
    own = add_user("of-a", "correct-horse-battery", role="engineer", teams=["a"])
    client.force_login(own)
    told = {"text": "Load test", "begins": utc_today().isoformat()}
    address = reverse("event_announce")
    for of in ({"level": "organisation"}, {"level": "feature", "name": "search"},
               {"level": "team", "name": "b"}):  # fmt: skip
        assert client.post(address, told | of).status_code == 400, of
    assert client.post(address, told | {"level": "team", "name": "a"}).status_code == 302
    shown = page(client, own, "/anomalies/")
    assert "Team a" in shown and "Load test of search" not in shown


def test_overview_says_in_one_line_what_stands(client, people):
    shown = page(client, people["finance"], f"/panels/overview/movers/?{DAYS}")
    assert "alerts stand, worth $1,001 in 30 days: Feature search cost more first" in shown
    assert "in 30 days" not in page(
        client, people["finance"], f"/panels/overview/movers/?{DAYS}&feature=search"
    )
