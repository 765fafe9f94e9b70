"""Every statement in docs/bi is run as the tool would send it, as a login that sees all and as one
of a team; every address is asked for."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
import json
from pathlib import Path
import re

from django.test import Client
import pytest

from aicost.accounts.people import add_user
from aicost.accounts.tokens import make_token
from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.bi.sight import seen_by, select

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bi_world")]
PAGES = sorted((Path(__file__).parents[2] / "docs" / "bi").glob("*.md"))
FROM, TO = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC)
SUMMER = Period(date(2026, 8, 1), date(2026, 10, 1))
# What else tools put into a statement: Metabase a field filter, Looker Studio its range, Grafana
# the chosen values of a variable.
PLACEHOLDERS = {
    "{{period}}": "\"fact_cost_daily\".\"usage_date\" between date '2026-08-01' and '2026-09-30'",
    "@DS_START_DATE": "'20260801'",
    "@DS_END_DATE": "'20260930'",
    "${team:sqlstring}": "'a','b'",
    "${__from:date:YYYY-MM-DD}": "2026-08-01",
    "${__to:date:YYYY-MM-DD}": "2026-10-01",
}
GRAFANA = re.compile(r"\$(__\w+)\(([^)]*)\)")
SECONDS = {"h": 3600, "d": 86400}


def statements() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for text in re.findall(r"```sql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            yield page.stem, text


def addresses() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for text in re.findall(r"^    GET (/api/\S+)$", page.read_text("utf-8"), re.MULTILINE):
            yield page.stem, text


def expanded(text: str) -> str:
    """As Grafana replaces its macros for Postgres, and as other tools fill in theirs."""
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return GRAFANA.sub(_macro, text)


def _macro(found: re.Match) -> str:
    name, (column, *more) = found[1], [one.strip() for one in found[2].split(",")]
    first, last = (f"{when:%Y-%m-%dT%H:%M:%SZ}" for when in (FROM, TO))
    if name == "__timeFilter":
        return f"{column} BETWEEN '{first}' AND '{last}'"
    if name == "__time":
        return f'{column} AS "time"'
    (step,) = more
    seconds = int(step.strip("'")[:-1]) * SECONDS[step.strip("'")[-1]]
    return {"__timeGroupAlias":
            f'floor(extract(epoch from {column})/{seconds})*{seconds} AS "time"'}[name]  # fmt: skip


def test_every_statement_runs_and_a_team_sees_less():
    told = list(statements())
    assert {page for page, _ in told} == {page.stem for page in PAGES}
    with seen_by():
        everything = [select(expanded(text).replace("%", "%%")) for _, text in told]
    with seen_by(teams=("a",)):
        own = [select(expanded(text).replace("%", "%%")) for _, text in told]
    for (page, text), all_rows, own_rows in zip(told, everything, own, strict=True):
        bare = "fact_budget" in text or "fact_alert" in text or "current_date" in text
        assert all_rows or bare, (page, text)
        assert len(own_rows) <= len(all_rows), (page, text)


@pytest.mark.parametrize("teams", [None, ("a",)])
def test_a_panel_of_grafana_shows_the_report(teams):
    text = next(text for page, text in statements() if page == "grafana" and "__time(" in text)
    with seen_by(teams=teams):
        rows = select(expanded(text))
    panel = {(day, feature): cost for day, feature, cost in rows if cost}
    spec = Spec("cost", SUMMER, Asker("admin", teams), granularity="day", group_by=("feature",),
                in_currency="USD")  # fmt: skip
    told: dict = {}
    for row in run(spec).rows:
        if row["currency"] == "USD":
            key = row["period"], row["feature"]
            told[key] = told.get(key, Decimal(0)) + row["cost"]
    assert panel == {key: cost for key, cost in told.items() if cost}


def test_every_address_is_answered_with_the_report():
    """As Infinity asks with a token, and Power BI, Excel and Tableau with its two halves."""
    user = add_user("grafana", "grafana-grafana", role="finance")
    _, token = make_token(user, "grafana", ["read"])
    asked = list(addresses())
    assert {page for page, _ in asked} == {"grafana", "power-bi", "tableau", "excel"}
    number, secret = token[:16], token[17:]
    basic = base64.b64encode(f"{number}:{secret}".encode()).decode()
    bodies = {}
    for page, address in asked:
        how = f"Bearer {token}" if page == "grafana" else f"Basic {basic}"
        answer = Client().get(expanded(address), headers={"Authorization": how})
        bodies[address] = b"".join(answer).decode()
        assert answer.status_code == 200, (address, bodies[address])
        if "format=csv" in address:
            assert bodies[address].startswith("period,"), address
        else:
            assert json.loads(bodies[address])["rows"] or "budgets" in address, address
    cost = next(text for page, text in asked if page == "grafana")
    spec = Spec("cost", SUMMER, Asker("finance"), granularity="day", group_by=("feature",))
    told = sum(Decimal(row["cost"]) for row in json.loads(bodies[cost])["rows"])
    assert told == sum(row["cost"] for row in run(spec).rows)
