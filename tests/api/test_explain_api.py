"""GET /api/v1/explain: the same answer as page and command, under the same roles and teams."""

from decimal import Decimal
import json

from django.core.management import call_command
import pytest

from aicost.accounts.models import AuditEvent
from aicost.accounts.tokens import make_token
from tests.attribution.world import build
from tests.web.world import make_people

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/explain"
DAY = {"from": "2026-09-01", "to": "2026-09-02"}


@pytest.fixture
def people():
    return make_people()


@pytest.fixture
def ask(client, people):
    """ask("finance", at="feature:search") -> the response to a token of that person."""

    def get(who: str, scope: str = "read", **params):
        _, text = make_token(people[who], "robot", [scope])
        headers = {"Authorization": f"Bearer {text}"}
        return client.get(ADDRESS, DAY | params, headers=headers)

    return get


def test_it_answers_a_token_as_the_command_answers(ask, capsys):
    build()
    answer = ask("finance", at="feature:search")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["explains"], told["figure"], told["currency"]) == ("cost", "60", "USD")
    assert told["trust"]["residual"] == "0"
    node, bucket = told["lines"]
    assert (node["part"], node["charged"], node["method"]) == ("50", "80", "gpu_time")
    assert bucket["part"] == "10"
    assert told["chosen"]["unit_prices"]["billed"] == "80"
    assert sum(Decimal(one["cost"]) for one in told["chosen"]["weights"]) == 80
    call_command("explain", "cost", "--from", "2026-09-01", "--to", "2026-09-02", "--at",
                 "feature:search", "--format", "json")  # fmt: skip
    assert json.loads(capsys.readouterr().out) == told


def test_it_answers_a_session_with_the_sum_of_all(client, people):
    build()
    client.force_login(people["viewer"])
    told = client.get(ADDRESS, DAY).json()
    assert told["figure"] == "100"
    assert told["question"]["line"] == "total"


def test_it_shows_a_team_only_its_own(ask, people):
    build()
    people["scoped"].teams.create(name="a")
    told = ask("scoped").json()
    assert told["figure"] == "60"
    assert told["charged"] is None
    assert told["trust"]["residual"] is None
    chosen = told["chosen"]
    assert {one["dimensions"]["team"] for one in chosen["weights"]} == {"a"}
    assert (chosen["quantity"], chosen["unit_prices"], chosen["telemetry"]) == (None, None, None)
    assert (chosen["calls"], chosen["rows"]) == ([], [])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"from": "yesterday"}, "from=yesterday is no date"),
        ({"to": "2026-09-01"}, "is empty or reversed"),
        ({"at": "colour:red"}, "'colour' is not one of"),
        ({"at": "feature"}, "write dimension:value"),
        ({"line": "all"}, "line 'all' is not one of"),
        ({"figure": "profit"}, "figure 'profit' is not one of: cost, unit_cost"),
        ({"figure": "unit_cost", "column": "cost"}, "column 'cost' is not one of"),
        ({"charge": "first"}, "write YYYY-MM-DD:number"),
        ({"group": "team"}, "the parameter 'group' is not one of"),
        ({"rows": "yes"}, "is not 0 or 1"),
        ({"basis": "list"}, "basis 'list' is not one of"),
        ({"at": "feature:a\x00b"}, "a character that no name has"),
    ],
)
def test_it_says_what_is_wrong_with_a_question(ask, params, said):
    answer = ask("finance", **params)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert said in told["detail"]
    assert told["cure"]
    assert told["instance"] == ADDRESS


def test_it_keeps_strangers_out(client, ask, people):
    assert client.get(ADDRESS, DAY).status_code == 401
    told = ask("finance", scope="ingest")
    assert told.status_code == 403
    assert "needs read" in told.json()["detail"]
    assert 'scope="read"' in told["WWW-Authenticate"]
    client.force_login(people["finance"])
    wrong = {"Authorization": "Bearer aicost_nonsense"}
    assert client.get(ADDRESS, DAY, headers=wrong).status_code == 401
    assert client.post(ADDRESS).status_code == 403 or client.post(ADDRESS).status_code == 405


@pytest.mark.parametrize("who", ["viewer", "engineer", "scoped"])
def test_it_keeps_margin_from_whoever_does_not_answer_for_it(ask, who):
    answer = ask(who, figure="margin", at="feature:search")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert AuditEvent.objects.filter(action="denied", subject=ADDRESS).count() == 1


def test_it_says_when_there_is_no_such_figure(ask):
    build()
    for params in (
        {"figure": "unit_cost", "at": "model:nobody"},
        {"figure": "margin", "at": "feature:nobody"},
        {"figure": "reconciliation", "at": ["source:aws", "billing_period:2020-01"]},
        {"at": "feature:search", "charge": "2026-09-01:999999"},
    ):
        answer = ask("finance", **params)
        assert answer.status_code == 404, params
        assert answer.json()["detail"]
