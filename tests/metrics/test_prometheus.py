"""Prometheus itself: its tool checks what we expose and ship, its server scrapes us, and its answer
is the report's."""

from datetime import date, timedelta
import json
from pathlib import Path
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml

from aicost.kernel.periods import Period
from aicost.metrics.families import BY_NAME
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.ingest.prometheus_world import prometheus, wait_for
from tests.metrics.scraped import TODAY, admin, double, scrape, token_for
from tests.metrics.test_metrics import furnish

SHIPPED = Path(__file__).resolve().parent.parent.parent / "docs" / "prometheus"
FOREIGN = {"up"}
WORDS = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: aicost
    authorization: {{credentials: "{token}"}}
    static_configs: [{{targets: ["{target}"]}}]
  - job_name: stranger
    static_configs: [{{targets: ["{target}"]}}]
rule_files: ["{rules}"]
"""

pytestmark = [pytest.mark.prometheus, pytest.mark.django_db]


def promtool(*arguments: str, told: bytes | None = None) -> str:
    done = subprocess.run(["promtool", *arguments], input=told, capture_output=True, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def rules() -> list[dict]:
    told = yaml.safe_load((SHIPPED / "rules.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def expressions(found: object) -> list[str]:
    """Every query of a dashboard, its variables' included."""
    if isinstance(found, list):
        return [one for part in found for one in expressions(part)]
    if not isinstance(found, dict):
        return []
    own = [v for k, v in found.items() if k in ("expr", "query") and isinstance(v, str)]
    return own + [one for part in found.values() for one in expressions(part)]


def test_its_tool_finds_nothing_wrong():
    furnish()
    assert promtool("check", "metrics", told=scrape().content) == ""
    assert "20 rules found" in promtool("check", "rules", str(SHIPPED / "rules.yml"))
    assert "SUCCESS" in promtool("test", "rules", str(SHIPPED / "tests.yml"))


def test_rules_and_dashboard_ask_for_metrics_that_there_are():
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    board = json.loads((SHIPPED / "dashboard.json").read_text())
    asked = [*expressions(board), *(rule["expr"] for rule in rules())]
    named = {word for text in asked for word in WORDS.findall(text) if word.startswith("aicost")}
    named -= {"aicost"}  # the job's name
    assert named - BY_NAME.keys() - recorded == set()
    assert len(named) > 30
    cases = yaml.safe_load((SHIPPED / "tests.yml").read_text())["tests"]
    tested = {one["alertname"] for case in cases for one in case["alert_rule_test"]}
    assert tested <= {rule.get("alert") for rule in rules()}
    labels = {label for family in BY_NAME.values() for label in family.labels}
    used = {one for text in asked for one in re.findall(r"[{,]\s*(\w+)\s*=", text)}
    used |= {one for rule in rules() for text in rule.get("annotations", {}).values()
             for one in re.findall(r"\$labels\.(\w+)", text)}  # fmt: skip
    assert used - labels - {"instance", "job"} == set()


def test_the_dashboard_is_one_that_grafana_takes():
    board = json.loads((SHIPPED / "dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) > 20
    assert board["schemaVersion"] >= 36 and board["title"] and "id" not in board
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        if panel["type"] == "row":
            continue
        assert panel["targets"] and panel["datasource"]["uid"] == "${datasource}"
        assert len({one["refId"] for one in panel["targets"]}) == len(panel["targets"])
    places = [panel["gridPos"] for panel in board["panels"]]
    cells = [
        (place["x"] + x, place["y"] + y)
        for place in places
        for x in range(place["w"])
        for y in range(place["h"])
    ]
    assert len(set(cells)) == len(cells), "panels do not lie on each other"


@pytest.mark.django_db(transaction=True)
def test_a_real_server_scrapes_it_and_answers_as_the_report_does(live_server, tmp_path):
    furnish()
    often = tmp_path / "rules.yml"  # as shipped, but evaluated as often as the test scrapes
    often.write_text((SHIPPED / "rules.yml").read_text().replace("interval: 1m", "interval: 1s"))
    config = CONFIG.format(
        token=token_for(admin()), target=live_server.url.removeprefix("http://"), rules=often
    )
    with prometheus(tmp_path, config) as url:
        wait_for(lambda: query(url, "aicost:idle_cost:ratio"), tmp_path / "log", seconds=90)
        month = Period(date(2026, 9, 1), TODAY + timedelta(days=1))
        asked = Spec("cost", month, Asker("admin"), group_by=("model",))
        for row in run(asked).rows:
            told = query(
                url,
                f'aicost_model_cost_month_to_date{{job="aicost",model="{row["model"]}",'
                f'line="{row["line"]}",currency="{row["currency"]}"}}',
            )
            assert [float(value) for _, value in told] == [double(row["cost"])], row
        [(_, total)] = query(url, 'sum(aicost_kind_cost_month_to_date{currency="USD"})')
        assert float(total) == 100
        up = {labels["job"]: value for labels, value in query(url, "up")}
        assert up == {"aicost": "1", "stranger": "0"}, "no token, no figures"
        for rule in rules():
            query(url, rule["expr"])
        for text in expressions(json.loads((SHIPPED / "dashboard.json").read_text())):
            if text.startswith("label_values") or text == "prometheus":
                continue
            query(url, text.replace("$currency", "USD"))


def query(url: str, text: str) -> list[tuple[dict, str]]:
    """(labels, value) of each series; a query that the server refuses fails the test."""
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
    with urllib.request.urlopen(address, timeout=10) as answer:
        told = json.loads(answer.read())
    return [(one["metric"], one["value"][1]) for one in told["data"]["result"]]
