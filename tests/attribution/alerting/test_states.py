"""What becomes of an alert from night to night: told once, again at twice, resolved, never lost."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import DatabaseError, transaction
import pytest

from aicost.accounts.people import add_user
from aicost.kernel.periods import utc_today
from attribution.alerting import actions
from attribution.alerting.feedback import BadVerdict, dulled, faded, known_events
from attribution.alerting.levels import Scope
from attribution.alerting.merging import Merged
from attribution.alerting.states import Look
from attribution.alerting.store import store
from attribution.alerting.weighing import SETTINGS
from attribution.detectors.findings import SHARP, Dulled, Noticed, described
from attribution.detectors.spike import SpikeSettings
from attribution.models import Alert, AlertEvent
from attribution.reports.alerts import visible
from attribution.reports.spec import Asker

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 8, 24)
RANK = Scope("model", "rank", "USD")


def night(days: int) -> date:
    return MONDAY + timedelta(days=days)


def spike(first=0, last=None, cost=500, expected=200, scope=RANK, kind="spike") -> Noticed:
    onset, last = night(first), night(first if last is None else last)
    return Noticed(
        *scope, kind=kind, onset=onset, last=last, raised_on=onset, expected=Decimal(expected),
        actual=Decimal(cost), title=f"{scope.name} cost more", rule="a rule", goes_on=False,
    )  # fmt: skip


def look_at(through: int, *noticed: Noticed, merged=None, costs=None, **more) -> Look:
    look = Look(through=night(through), window=MONDAY - timedelta(days=300), **more)
    store(merged or [Merged(one) for one in noticed], look, costs or {})
    return look


def happened(**chosen) -> list[tuple[str, bool]]:
    rows = AlertEvent.objects.filter(**chosen).order_by("id")
    return [(row.what, row.notifies) for row in rows]


def test_it_is_told_once_and_again_when_its_impact_doubles():
    look_at(0, spike())
    look_at(0, spike())
    look_at(1, spike(last=1, cost=750, expected=400))
    assert happened() == [("opened", True)]
    look_at(2, spike(last=2, cost=1300, expected=600))
    look_at(2, spike(last=2, cost=1300, expected=600))
    assert happened() == [("opened", True), ("updated", True)]
    alert = Alert.objects.get()
    assert (alert.state, alert.excess, alert.percent, alert.onset, alert.last) == (
        "updated", 700, Decimal("116.6667"), night(0), night(2))  # fmt: skip
    told = AlertEvent.objects.get(what="updated").figures
    assert (told["excess"], told["currency"], told["severity"]) == ("700", "USD", "minor")


def test_it_is_resolved_after_three_normal_days_and_closed_after_a_fortnight():
    look_at(0, spike())
    for through, state in ((2, "open"), (3, "resolved"), (13, "resolved"), (14, "closed")):
        look_at(through, spike())
        assert Alert.objects.get().state == state
    assert happened() == [("opened", True), ("resolved", True), ("closed", False)]


def test_days_that_are_not_known_are_not_normal():
    late = {"known_until": {RANK: night(1)}}
    look_at(0, spike(), **late)
    look_at(5, spike(), **late)
    assert Alert.objects.get().state == "open"


def test_what_is_found_in_old_data_is_history():
    look_at(40, spike())
    look_at(40, spike())
    assert happened() == [("opened", False)]
    assert Alert.objects.get().state == "closed"


def test_restated_data_annotates_and_never_deletes():
    """The days cost less than was told; then nothing is left of it."""
    look_at(0, spike())
    look_at(6, spike(cost=440))
    look_at(7, costs={RANK: {night(0): Decimal(210)}})
    look_at(8, costs={RANK: {night(0): Decimal(210)}})
    said = AlertEvent.objects.filter(what="annotated").order_by("id")
    assert "cost $500.00 when it was told, and cost $440.00 now" in said[0].text
    assert "would not be raised: these days now cost $210.00" in said[1].text
    assert said.count() == 2
    assert Alert.objects.get().actual == 440


def test_a_spike_that_stays_becomes_a_new_level_of_the_same_alert():
    look_at(0, spike())
    look_at(4, spike(last=4, cost=2500, expected=1000, kind="shift"))
    alert = Alert.objects.get()
    assert (alert.kind, alert.last, alert.state) == ("shift", night(4), "updated")


def test_a_fact_ends_when_it_is_no_longer_so():
    idle = spike(last=3, expected=0, kind="idle_gpu", scope=Scope("resource", "i-1", "USD"))
    look_at(3, replace(idle, goes_on=True))
    look_at(9, replace(idle, goes_on=True))
    look_at(10)
    assert [what for what, _ in happened()] == ["opened", "resolved"]


def test_the_same_money_is_told_by_its_parent_only():
    team = spike(scope=Scope("team", "search", "USD"), cost=520)
    look_at(0, merged=[Merged(team, parent=1), Merged(spike())])
    upper, lower = Alert.objects.get(level="team"), Alert.objects.get(level="model")
    assert upper.parent == lower and lower.parent is None
    assert happened(alert=upper) == [("opened", False)] and lower.notifies
    assert "rank cost more" in upper.why_notified


def test_of_an_incident_the_largest_is_told():
    many = [spike(scope=Scope("model", name, "USD"), cost=cost)
            for name, cost in (("a", 300), ("b", 900), ("c", 400))]  # fmt: skip
    look_at(0, merged=[Merged(one, incident="24 Aug: team=search") for one in many])
    assert [a.name for a in Alert.objects.filter(notifies=True)] == ["b"]


def test_a_small_leaf_is_only_listed():
    customer = Scope("customer", "acme", "USD")
    look_at(0, spike(scope=customer, cost=250), spike(scope=RANK))
    look_at(0, replace(spike(scope=customer, cost=250), sure=False))
    assert not Alert.objects.get(level="customer").notifies
    look_at(1, spike(scope=customer, last=1, cost=700, expected=400), spike(scope=RANK))
    assert Alert.objects.get(level="customer").notifies
    assert happened(alert__level="customer") == [("opened", False), ("updated", True)]


def test_who_sees_only_some_teams_sees_alerts_of_their_money():
    teams = {RANK: "search"}
    look_at(0, spike(), spike(scope=Scope("organisation", "", "USD")), teams=teams)
    assert [a.name for a in visible(Asker("engineer", ("search",)))] == ["rank"]
    assert list(visible(Asker("engineer", ("fraud",)))) == []
    assert list(visible(Asker("engineer", ()))) == []


def test_people_act_on_it_and_every_step_stays():
    today = utc_today()
    look_at(0, spike())
    alert, dana = Alert.objects.get(), add_user("dana", "correct-horse-battery", role="finance")
    actions.acknowledge(alert.pk, dana)
    actions.acknowledge(alert.pk, dana)
    actions.assign(alert.pk, dana, dana)
    actions.comment(alert.pk, "  the launch  ", dana)
    actions.snooze(alert.pk, today + timedelta(days=7), dana)
    with pytest.raises(actions.BadAction):
        actions.snooze(alert.pk, today, dana)
    assert [what for what, _ in happened()] == [
        "opened", "acknowledged", "assigned", "commented", "snoozed"]  # fmt: skip
    assert AlertEvent.objects.get(what="commented").text == "the launch"
    look_at(1, spike(last=1, cost=1500, expected=400))
    assert Alert.objects.get().snoozed_until is None, "twice the impact breaks a snooze"
    actions.close(alert.pk, dana)
    look_at(2, spike(last=2, cost=9500, expected=400))
    assert Alert.objects.get().state == "closed"
    with pytest.raises(DatabaseError), transaction.atomic():
        AlertEvent.objects.update(text="never")


def test_feedback_changes_what_is_said_next():
    look_at(0, spike())
    alert, dana = Alert.objects.get(), add_user("dana", "correct-horse-battery", role="finance")
    today = utc_today()
    actions.give_feedback(alert.pk, "not useful", dana)
    assert dulled(today)["model", "rank"] == Dulled(1.25, 1.5)
    actions.give_feedback(alert.pk, "not useful", dana)
    assert dulled(today)["model", "rank"] == Dulled(1.5625, 2.0), "at most twice"
    assert faded(Decimal("1.5"), today, today + timedelta(days=45)) == Decimal("1.25")
    assert dulled(today + timedelta(days=90)) == {}
    actions.give_feedback(alert.pk, "useful", dana)
    assert dulled(today) == {}
    actions.give_feedback(alert.pk, "expected", dana, "the launch")
    (known,) = known_events()
    assert (known.begins, known.ends, known.concerns(RANK)) == (night(0), night(0), True)
    assert Alert.objects.get().state == "closed"
    with pytest.raises(BadVerdict):
        actions.give_feedback(alert.pk, "meh", dana)


def test_rules_of_the_organisation_are_never_dulled():
    look_at(0, spike(scope=Scope("organisation", "", "USD")))
    dana = add_user("dana", "correct-horse-battery", role="finance")
    actions.give_feedback(Alert.objects.get().pk, "not useful", dana)
    assert dulled(utc_today()) == {}


def test_dulling_raises_usual_errors_and_money_and_nothing_else():
    duller = Dulled(2.0, 1.5).settings(SpikeSettings())
    assert (duller.z, duller.pair_z, duller.excess, duller.share) == (9.2, 6.8, 30, 0.3)
    assert SHARP.settings(SpikeSettings()) == SpikeSettings()


def test_the_page_has_every_setting_of_alerts():
    page = (Path(__file__).resolve().parents[3] / "docs" / "alerts.md").read_text("utf-8")
    for name, _, value, _, text in described(type(SETTINGS)):
        assert f"| `{name}` | {value:.10g} | {text} |" in page
