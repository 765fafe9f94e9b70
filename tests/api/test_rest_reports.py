"""Reports over REST: the same rows as everywhere, in pages, files and differences."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import io
import json
import random
from urllib.parse import unquote

from django.db import connection
import pyarrow.parquet as pq
import pytest

from aicost.api.rest import reports, written
from aicost.api.rest.cursors import page
from aicost.api.rest.schema import document
from aicost.kernel.periods import Period
from attribution.models import DayState, Target
from attribution.reports import REPORTS, run
from attribution.reports.copying import csv_lines
from attribution.reports.formats import plain_value, to_csv, to_parquet
from attribution.reports.spec import Asker, Spec
from tests.api.rest import Caller, callers
from tests.attribution.world import build

pytestmark = pytest.mark.django_db
DAYS = {"from": "2026-09-01", "to": "2026-10-01"}
PERIOD = Period(date(2026, 9, 1), date(2026, 10, 1))


@pytest.fixture
def world():
    build()


@pytest.fixture
def people():
    return callers()


def said(rows, columns) -> list[str]:
    return sorted(json.dumps([row[name] for name in columns], default=plain_value) for row in rows)


def test_it_answers_as_the_report_does(world, people):
    told = people["finance"].get("reports/cost", DAYS | {"group_by": "feature,team"}).json()
    answer = run(Spec("cost", PERIOD, Asker("finance"), group_by=("feature", "team")))
    columns = [one["name"] for one in told["columns"]]
    assert columns == list(answer.columns)
    assert said(told["rows"], columns) == said(answer.rows, columns)
    assert all(isinstance(row["cost"], str) for row in told["rows"])
    assert sum(Decimal(row["cost"]) for row in told["rows"]) == 100
    assert (told["currency"], told["residual"], told["next"]) == ("USD", "0", None)
    assert told["state"] in ("final", "estimate") and told["final"] == answer.final
    assert told["freshness"][0]["source"] and told["as_of"].endswith("Z")
    assert (told["spec"]["from"], told["spec"]["to"]) == ("2026-09-01", "2026-10-01")


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_answers_or_says_why_not(world, people, name):
    report = REPORTS[name]
    asked = DAYS | {"granularity": report.granularities[0]}
    for who, caller in people.items():
        answer = caller.get(f"reports/{name}", asked)
        spec = Spec(name, PERIOD, Asker("x"), granularity=report.granularities[0])
        assert answer.status_code in (200, 400, 403), (who, answer.content)
        if answer.status_code == 200:
            told = answer.json()
            assert [one["name"] for one in told["columns"]] == list(report.columns(spec))
        else:
            assert answer.json()["cure"]
    files = {kind: body(people["admin"].get(f"reports/{name}", asked | {"format": kind}))
             for kind in ("csv", "parquet")}  # fmt: skip
    rows = people["admin"].get(f"reports/{name}", asked | {"limit": "10000"})
    if rows.status_code == 200:
        lines = list(csv.reader(io.StringIO(files["csv"].decode())))
        table = pq.read_table(io.BytesIO(files["parquet"]))
        columns = [one["name"] for one in rows.json()["columns"]]
        assert lines[0] == columns == table.column_names
        assert len(lines) - 1 == len(rows.json()["rows"]) == table.num_rows


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_pages_put_together_are_the_whole(world, people):
    caller = people["finance"]
    asked = DAYS | {"group_by": "feature,model,team,service", "granularity": "day"}
    whole = caller.get("reports/cost", asked).json()["rows"]
    assert len(whole) > 4
    for limit in (1, 2, 3, len(whole) - 1, len(whole), len(whole) + 1):
        rows, cursor, pages = [], {}, 0
        while True:
            told = caller.get("reports/cost", asked | {"limit": limit} | cursor).json()
            rows += told["rows"]
            pages += 1
            assert (told["next"] is None) == (told["next_cursor"] is None)
            if told["next"] is None:
                break
            assert caller.client.get(told["next"], headers=caller.headers).status_code == 200
            cursor = {"cursor": told["next_cursor"]}
        assert rows == whole
        assert pages == -(-len(whole) // limit)
    streamed = json.loads(body(caller.get("reports/cost", asked | {"limit": "all"})))
    assert said(streamed["rows"], whole[0]) == said(whole, whole[0])
    assert (streamed["currency"], streamed["next"]) == ("USD", None)


def test_rows_of_one_key_are_neither_lost_nor_doubled():
    columns = ("feature", "alert_id", "cost")
    dice = random.Random(7)
    for _ in range(200):
        rows = [
            {
                "feature": dice.choice("ab\u00e9"),
                "alert_id": dice.choice([None, 1, 10, 9]),
                "cost": Decimal(dice.randrange(3)),
            }
            for _ in range(dice.randrange(12))
        ]
        whole, _ = page(iter(rows), columns, None, 99, "q")
        assert sorted(map(str, whole)) == sorted(map(str, rows))
        found, cursor, limit = [], None, dice.randrange(1, 5)
        while True:
            taken, cursor = page(iter(rows), columns, cursor, limit, "q")
            found += taken
            if cursor is None:
                break
        assert found == whole


def test_a_page_after_rows_came_and_went_repeats_and_drops_none():
    names = [f"n{n:02}" for n in range(20)]
    columns = ("feature", "cost")
    before = [{"feature": name, "cost": Decimal(1)} for name in names]
    first, cursor = page(before, columns, None, 10, "q")
    after = [row for row in before if row["feature"] != "n03"] + [
        {"feature": "n001", "cost": Decimal(1)}
    ]
    rest, _ = page(after, columns, cursor, 100, "q")
    assert [row["feature"] for row in (*first, *rest)] == names


def test_who_sees_some_teams_sees_no_other(world, people):
    people["scoped"].user.teams.create(name="a")
    narrow = Caller(people["admin"].user, teams=["a"])
    for caller in (people["scoped"], narrow):
        told = caller.get("reports/cost", DAYS | {"group_by": "team"}).json()
        assert {row["team"] for row in told["rows"]} == {"a"}
        assert told["residual"] is None
        values = caller.get("dimensions/team/values", DAYS).json()["values"]
        assert [one["value"] for one in values] == ["a"]
        assert caller.get("reports/deliveries", DAYS).status_code == 403
        assert caller.get("rules").status_code == caller.get("sources").status_code == 403


@pytest.mark.parametrize(
    ("path", "params", "status", "told"),
    [
        ("reports/nope", DAYS, 404, "no report 'nope'"),
        ("reports/cost", {"from": "2026-09-01"}, 400, "to is missing"),
        ("reports/cost", DAYS | {"to": "2026-09-01"}, 400, "is empty"),
        ("reports/cost", DAYS | {"group_by": "colour"}, 400, "'colour' is not one of"),
        ("reports/cost", DAYS | {"filter[colour]": "red"}, 400, "'colour' is not one of"),
        ("reports/cost", DAYS | {"group": "team"}, 400, "'group' is not one of"),
        ("reports/cost", DAYS | {"limit": "0"}, 400, "1 to 10000"),
        ("reports/cost", DAYS | {"cursor": "nonsense"}, 400, "is not one that an answer gave"),
        ("reports/cost", DAYS | {"format": "xml"}, 400, "json, csv, parquet"),
        ("reports/cost", DAYS | {"in_currency": "EURO"}, 400, "no currency code"),
        ("reports/cost", DAYS | {"filter[team]": "a\0"}, 400, "holds a character"),
        ("reports/cost", DAYS | {"against": "x:y"}, 400, "is no date"),
        ("reports/freshness", DAYS | {"updated_since": "2026-09-01"}, 400, "no column period"),
        ("dimensions/colour/values", {}, 404, "no dimension"),
        ("reports/", {}, 404, "no such address"),
        ("nowhere", {}, 404, "no such address"),
        ("alerts/a%0Ab/snooze", {}, 404, "no such address"),
    ],
)
def test_it_says_what_is_wrong(people, path, params, status, told):
    answer = people["admin"].get(path, params)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert told in problem["detail"] and problem["cure"]
    assert (problem["status"], problem["instance"]) == (status, f"/api/v1/{unquote(path)}")


def test_what_changed_since_replaces_its_steps(world, people):
    caller = people["finance"]
    long_ago, now = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)
    asked = DAYS | {"granularity": "day", "group_by": "feature"}
    whole = caller.get("reports/cost", asked).json()
    again = caller.get("reports/cost", asked | {"updated_since": long_ago.isoformat()}).json()
    assert {row["period"] for row in whole["rows"]} <= set(again["tombstones"])
    assert again["rows"] == whole["rows"]
    later = (now + timedelta(days=1)).isoformat()
    nothing = caller.get("reports/cost", asked | {"updated_since": later}).json()
    assert (nothing["tombstones"], nothing["rows"]) == ([], [])
    assert nothing["columns"] == whole["columns"]
    DayState.objects.filter(day="2026-09-01").update(published_at=now + timedelta(days=2))
    told = caller.get("reports/cost", asked | {"updated_since": later}).json()
    assert told["tombstones"] == ["2026-09-01"]
    assert {row["period"] for row in told["rows"]} == {"2026-09-01"}
    month = asked | {"granularity": "month", "updated_since": later, "format": "csv"}
    lines = list(csv.DictReader(io.StringIO(body(caller.get("reports/cost", month)).decode())))
    assert [one["period"] for one in lines if one["tombstone"]] == ["2026-09-01"]
    assert len(lines) > 1


def test_who_sees_some_teams_is_not_told_when_the_money_of_others_changed(world, people):
    narrow = Caller(people["admin"].user, teams=["a"])
    asked = DAYS | {"granularity": "day", "group_by": "team"}
    theirs = {row["period"] for row in narrow.get("reports/cost", asked).json()["rows"]}
    days = {day.isoformat() for day in PERIOD.days()}
    assert theirs and days - theirs
    later = asked | {"updated_since": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    quiet = narrow.get("reports/cost", later).json()
    assert (set(quiet["tombstones"]), quiet["rows"]) == (days - theirs, [])
    soon = datetime.now(UTC) + timedelta(days=2)
    DayState.objects.exclude(day__in=theirs).update(published_at=soon)
    assert DayState.objects.filter(published_at=soon).exists()
    assert narrow.get("reports/cost", later).json()["tombstones"] == quiet["tombstones"]
    mine = min(theirs)
    DayState.objects.filter(day=mine).update(published_at=soon)
    told = narrow.get("reports/cost", later).json()
    assert set(told["tombstones"]) == (days - theirs) | {mine}
    assert {row["period"] for row in told["rows"]} == {mine}
    lines = list(csv.DictReader(io.StringIO(
        body(narrow.get("reports/cost", later | {"format": "csv"})).decode()
    )))  # fmt: skip
    assert {one["period"] for one in lines if one["tombstone"]} == set(told["tombstones"])
    assert {one["period"] for one in lines if not one["tombstone"]} == {mine}


def test_a_question_that_takes_too_long_is_ended_and_says_what_to_do(people, settings, monkeypatch):
    def slow(*asked):
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(20)")

    settings.AICOST_API_SECONDS = settings.AICOST_API_STREAM_SECONDS = 1
    for name, more in (("reports.stream", {}), ("written.tables", {"format": "parquet"})):
        with monkeypatch.context() as slowly:
            slowly.setattr(f"aicost.api.rest.{name}", slow)
            answer = people["finance"].get("reports/cost", DAYS | more)
        assert answer.status_code == 504, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert "fewer days" in answer.json()["cure"] and "Retry-After" not in answer
        answer = people["finance"].get("reports/cost", DAYS | more)
        assert answer.status_code == 200 and body(answer)


def test_a_page_keeps_no_more_rows_than_it_has():
    class Row(dict):
        alive = most = 0

        def __init__(self, number: int) -> None:
            super().__init__(feature=f"{number * 7919 % 10_007:05}", cost=Decimal(number))
            Row.alive += 1
            Row.most = max(Row.most, Row.alive)

        def __del__(self) -> None:
            Row.alive -= 1

    taken, cursor = page((Row(n) for n in range(10_007)), ("feature", "cost"), None, 50, "q")
    assert [row["feature"] for row in taken] == [f"{n:05}" for n in range(50)]
    assert cursor and Row.most < 60


def test_it_is_asked_again_only_for_what_is_new(world, people):
    caller = people["finance"]
    first = caller.get("reports/cost", DAYS | {"granularity": "day"})
    same = {"If-None-Match": first["ETag"]}
    told = caller.get("reports/cost", DAYS | {"granularity": "day"}, same)
    assert (first.status_code, told.status_code, told.content) == (200, 304, b"")
    packed = caller.get("reports", None, {"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    again = caller.get("reports", None, {"If-None-Match": packed["ETag"]})
    assert again.status_code == 304


def test_an_answer_has_the_same_schema_when_it_is_empty(people):
    told = people["finance"].get("reports/cost", DAYS | {"group_by": "feature"}).json()
    assert told["rows"] == [] and told["columns"][1]["name"] == "feature"
    assert (told["currency"], told["final"]) == (None, False)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cost", {"granularity": "day", "group_by": "feature,model,team,service"}),
        ("cost", {"group_by": "source,evidence,kind", "estimates": "left_out"}),
        ("cost", {"group_by": "team", "idle": "spread", "shared": "spread"}),
        ("cost", {"group_by": "sku,resource"}),
        ("focus_export", {}),
    ],
)
def test_csv_and_parquet_by_postgres_say_what_the_report_says(world, people, name, asked):
    """Text that is a formula, empty, quoted or broken over lines; decimals, days and times."""
    Target.objects.filter(feature="search").update(feature='=1+"1", é\nx')
    spec = Spec(
        name,
        PERIOD,
        Asker("finance"),
        group_by=tuple(one for one in asked.get("group_by", "").split(",") if one),
        granularity=asked.get("granularity", "total"),
        idle=asked.get("idle", "shown"),
        shared=asked.get("shared", "shown"),
        estimates=asked.get("estimates", "shown"),
    )
    found = run(spec)
    told = body(people["finance"].get(f"reports/{name}", DAYS | asked | {"format": "parquet"}))
    got, wanted = (pq.read_table(io.BytesIO(one)) for one in (told, to_parquet(found)))
    assert got.schema.equals(wanted.schema)
    assert sorted(map(str, got.to_pylist())) == sorted(map(str, wanted.to_pylist()))
    got = body(people["finance"].get(f"reports/{name}", DAYS | asked | {"format": "csv"})).decode()
    assert "\r" not in got
    wanted = list(csv.reader(io.StringIO(to_csv(found))))
    assert sorted(csv.reader(io.StringIO(got))) == sorted(wanted)
    assert (csv_lines(REPORTS[name], spec) is None) == (
        "spread" in str(asked) or "sku" in str(asked)
    )


@pytest.mark.parametrize("more", [{"compare": "previous"}, {"in_currency": "EUR"}])
def test_what_must_stand_in_memory_is_refused_before_it_does(world, people, monkeypatch, more):
    """And only that: the same rows as they are go into a stream."""
    monkeypatch.setattr(written, "ROWS_IN_MEMORY_MAX", 2)
    asked = DAYS | {"group_by": "feature,model", "granularity": "day"}
    answer = people["finance"].get("reports/cost", asked | more)
    assert answer.status_code == 400 and "more than 2 rows" in answer.json()["detail"]
    assert "fewer days" in answer.json()["cure"]
    if "in_currency" in more:
        answer = people["finance"].get("reports/cost", asked | more | {"format": "csv"})
        assert answer.status_code == 400
    told = body(people["finance"].get("reports/cost", asked | {"format": "csv"}))
    assert told.count(b"\n") > 3


def test_no_page_of_the_description_needs_a_script(client):
    page = client.get("/api/v1/").content.decode()
    for path in document()["paths"]:
        assert path in page
    assert len(page) < 150_000 and "style=" not in page


@pytest.mark.django_db(transaction=True)
def test_the_same_answer_is_given_again_until_anything_is_written(monkeypatch):
    build()
    caller, made = callers()["finance"], []
    monkeypatch.setattr(
        "aicost.api.rest.reports._page", lambda *told, of=reports._page: made.append(1) or of(*told)
    )
    asked = DAYS | {"group_by": "feature"}
    caller.get("reports/cost", asked)  # counts it, and says when the token was used
    first = caller.get("reports/cost", asked)
    before = len(made)
    again = caller.get("reports/cost", asked)
    assert (len(made), again.content, again["ETag"]) == (before, first.content, first["ETag"])
    DayState.objects.update(failure="")
    third = caller.get("reports/cost", asked)
    assert len(made) == before + 1 and third.json()["rows"] == first.json()["rows"]
    narrow = Caller(caller.user, teams=["nobody"])
    assert narrow.get("reports/cost", asked).json()["rows"] == []
