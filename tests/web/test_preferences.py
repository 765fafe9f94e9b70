"""Preferences: one's own time zone, theme and first period; for admins, the company's."""

from datetime import UTC, datetime

import pytest

from aicost.accounts.company import company
from aicost.accounts.models import AuditEvent
from ingest.models import Delivery
from tests.web.world import QUERY

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/preferences/"
OWN = {"do": "own", "time_zone": "Asia/Kolkata", "theme": "dark", "first_period": "quarter"}


def _send(client, people, who: str, **form):
    client.force_login(people[who])
    return client.post(ADDRESS, form)


def test_timestamps_are_printed_in_ones_own_zone_and_days_of_money_stay_utc(
    client, people, visit, costs
):
    """20:00 UTC on 30 September is 01:30 on 1 October in Kolkata; the cost stays on its days."""
    Delivery.objects.update(loaded_at=datetime(2026, 9, 30, 20, 0, tzinfo=UTC))
    assert "30 Sep, 20:00 UTC" in visit("finance", f"/explore/?{QUERY}").content.decode()
    _send(client, people, "finance", **OWN)
    people["finance"].refresh_from_db()
    page = visit("finance", f"/explore/?{QUERY}").content.decode()
    assert "1 Oct, 01:30 IST" in page
    assert "1–2\N{NO-BREAK SPACE}Sep" in page
    assert 'data-theme="dark"' in page
    assert "Loaded, Kolkata time" in visit("finance", f"/health/?{QUERY}").content.decode()
    assert "30 Sep, 20:00 UTC" in visit("viewer", f"/explore/?{QUERY}").content.decode()


def test_a_first_period_is_what_an_address_without_one_means(client, people, visit, costs):
    """And one that names the month says so."""
    _send(client, people, "viewer", **OWN)
    people["viewer"].refresh_from_db()
    page = visit("viewer", "/explore/").content.decode()
    assert 'href="?" aria-current="true">Quarter to date' in page
    assert 'href="?period=month">Month to date' in page


def test_an_admin_sets_the_fiscal_year_and_it_is_written_down(client, people, visit, costs):
    sent = {"do": "company", "fiscal_month": "4", "time_zone": "Europe/Berlin"}
    assert _send(client, people, "finance", **sent).status_code == 403
    assert _send(client, people, "admin", **sent).status_code == 302
    assert (company().fiscal_month, company().time_zone) == (4, "Europe/Berlin")
    event = AuditEvent.objects.get(action="company_saved")
    assert event.detail == {"fiscal_month": [1, 4], "time_zone": ["UTC", "Europe/Berlin"]}
    assert "Fiscal year to date" in visit("viewer", "/explore/").content.decode()


@pytest.mark.parametrize("wrong", [
    {"time_zone": "Mars/Olympus"}, {"theme": "pink"}, {"first_period": "always"},
    {"do": "company", "fiscal_month": "13", "time_zone": "UTC"},
    {"do": "company", "fiscal_month": "4", "time_zone": "../etc"},
])  # fmt: skip
def test_it_refuses_what_no_form_sends(client, people, wrong):
    assert _send(client, people, "admin", **(OWN | wrong)).status_code == 400
    people["admin"].refresh_from_db()
    assert (people["admin"].time_zone, company().fiscal_month) == ("", 1)
