"""MCP with the SDK's own client, over both transports, each a process of its own.

The world is committed once for the whole file, since servers of their own see nothing else."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal
import http.client
import json
import os
from pathlib import Path
import shlex
import sys

from django.conf import settings
from django.core.management import CommandError, call_command
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
import pytest

from aicost.accounts.models import ApiToken
from aicost.accounts.tokens import INGEST, READ, make_token
from aicost.api.mcp.http import BODY_BYTES_MAX
from aicost.api.mcp.said import BYTES_MAX
from aicost.api.mcp.stdio import reader_of
from aicost.api.mcp.tools import TOOLS
from aicost.runtime.serving import database_url, serving
from attribution.reports.spec import Asker
from tests.api.mcp_questions import QUESTIONS, table
from tests.api.mcp_world import committed

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
SEPTEMBER = "September 2026"
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
THEIRS = ("search", "relevance", "ranker", "globex", "tuning", "890.00", "1455", "1,455")


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    yield from committed(django_db_blocker.unblock())


@pytest.fixture(scope="module")
def port(people, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("web") / "web.log") as found:
        yield found


@pytest.fixture(scope="module")
def tokens(people) -> dict[str, str]:
    """The text of a token of each person, and of the finance person limited to team support."""
    made = {name: make_token(user, f"of {name}", [READ])[1] for name, user in people.items()}
    made["limited"] = make_token(people["finance"], "limited", [READ], teams=["support"])[1]
    made["ingest"] = make_token(people["admin"], "collector", [INGEST])[1]
    over, made["revoked"] = make_token(people["admin"], "revoked", [READ])
    ApiToken.objects.filter(pk=over.pk).update(revoked_at=over.created_at)
    made["ended"] = make_token(people["admin"], "ended", [READ], over.created_at)[1]
    return made


@asynccontextmanager
async def over_http(port: int, token: str, mode: str = "auto"):
    async with create_mcp_http_client({"Authorization": f"Bearer {token}"}) as http_client:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http_client)
        async with Client(transport, mode=mode) as client:
            yield client


@asynccontextmanager
async def over_stdio(*arguments: str, **environment: str):
    told = {**os.environ, "DATABASE_URL": database_url(), **environment}
    told["AICOST_HOME"] = str(settings.AICOST_HOME)
    command = [str(ROOT / "manage.py"), "mcp", *arguments]
    async with Client(StdioServerParameters(command=sys.executable, args=command, env=told,
                                            cwd=ROOT)) as client:  # fmt: skip
        yield client


def asked(connect, *calls: tuple[str, dict]) -> list:
    """The answers to the calls, one after the other, of one connection."""

    async def ask() -> list:
        async with connect as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(ask())


def text(answer) -> str:
    return "\n".join(part.text for part in answer.content)


def test_thirty_questions_are_answered_as_the_report_answers(port, tokens, tmp_path):
    """Each in at most three calls, the answer found in the last one, equal to the last digit."""
    calls = [call for question in QUESTIONS for call in question.calls]
    answers = iter(asked(over_http(port, tokens["finance"]), *calls))
    wrong = []
    for one in QUESTIONS:
        last = [next(answers) for _ in one.calls][-1]
        assert not last.is_error, (one.asked, text(last))
        found, known = said(one, last.structured_content), reported(one, tmp_path)
        if found is None or found != known:
            wrong.append(f"{one.asked} {found} is not {known}")
        size = len(json.dumps(last.structured_content).encode()), len(text(last).encode())
        if max(size) > BYTES_MAX:
            wrong.append(f"{one.asked} is told in {size} bytes")
    assert not wrong
    assert len(QUESTIONS) >= 30 and max(len(one.calls) for one in QUESTIONS) <= 3


def test_every_answer_leads_to_a_page_that_shows_the_same(people, port, tokens, client):
    client.force_login(people["finance"])
    calls = {json.dumps(one.calls[-1]): one for one in QUESTIONS}
    answers = asked(over_http(port, tokens["viewer"]), *(one.calls[-1] for one in calls.values()))
    seen = {}
    for one, answer in zip(calls.values(), answers, strict=True):
        if answer.is_error:  # the margin is not for a viewer
            assert one.calls[-1][0] == "margin"
            continue
        made = answer.structured_content
        path = made["url"].removeprefix(settings.AICOST_URL)
        if path not in seen:
            found = client.get(path)
            assert found.status_code == 200, path
            seen[path] = found.content.decode()
        if one.where == "total" and one.column == "cost":
            [total] = made["total"]
            assert f"${Decimal(total['cost']):,.2f}" in seen[path], (one.asked, path)


def said(question, made: dict):
    """The exact value of the answer's cell."""
    assert made["url"].startswith(settings.AICOST_URL) and made["status"] in ("final", "not final")
    assert made["residual"] == "0" and made["as_of"] and "currency" in made
    if question.where == "explanation":
        return exact(made["explanation"]["figure"])
    rows = [r for r in made[question.where] if question.row.items() <= r.items()]
    [row] = rows
    return exact(row.get("exact", {}).get(question.column, row[question.column]))


def reported(question, folder: Path):
    """The same cell of `manage.py report`."""
    out = folder / "answer.json"
    words = shlex.split(question.report)
    call_command("report", *words, "--role", "finance", "--format", "json", "--output", str(out))
    rows = json.loads(out.read_text())["rows"]
    found = [row for row in rows if question.row.items() <= row.items()]
    values = [exact(row[question.column]) for row in found]
    return sum(values) if question.where == "total" and len(values) > 1 else values[0]


def exact(value):
    try:
        return Decimal(value)
    except (ArithmeticError, TypeError):
        return value


def test_the_table_of_questions_is_in_the_documentation():
    page = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    assert table() in page
    assert [tool.name for tool in TOOLS if f"`{tool.name}`" not in page] == []


def test_both_transports_and_both_eras_of_the_protocol_say_the_same(people, port, tokens):
    call = ("query_costs", {"period": SEPTEMBER, "group_by": ["feature"]})
    connections = (
        over_http(port, tokens["finance"]),
        over_http(port, tokens["finance"], "legacy"),
        over_stdio("--user", "finance"),
    )
    answers = [asked(one, call)[0] for one in connections]
    assert answers[0].structured_content["answer"].startswith("AI cost was $1,455.00 in 1–30 Sep")
    assert all(one.structured_content == answers[0].structured_content for one in answers)
    assert all(text(one) == text(answers[0]) for one in answers)


def test_every_tool_only_reads_and_tells_a_model_what_it_is_for(port, tokens):
    async def look():
        async with over_http(port, tokens["viewer"]) as client:
            return client.instructions, (await client.list_tools()).tools

    instructions, tools = asyncio.run(look())
    assert [tool.name for tool in tools] == [tool.name for tool in TOOLS]
    for word in ("idle", "shared", "unattributed", "final", "residual"):
        assert word in instructions
    for tool in tools:
        assert tool.annotations.read_only_hint and not tool.annotations.destructive_hint
        assert len(tool.description) > 100 and tool.output_schema["required"]
        assert tool.input_schema["additionalProperties"] is False
    assert len(json.dumps([tool.model_dump(mode="json") for tool in tools])) < 30_000


def test_who_sees_one_team_sees_nothing_of_others(port, tokens):
    """In no tool, whether the user or the token is limited; nor in errors and near names."""
    period = {"period": SEPTEMBER}
    calls = [
        *(("query_costs", {**period, "group_by": [name]})
          for name in ("feature", "team", "model", "customer", "experiment", "service", "kind")),
        *(("query_costs", {**period, "filters": {name: value}})
          for name, value in (("feature", "search"), ("team", "relevance"), ("customer", "globex"),
                              ("feature", "serch"), ("team", ["support", "relevance"]))),
        *(("search_values", {"query": part}) for part in ("rank", "search", "glob", "e", "tuning")),
        *(("search_values", {"dimension": name}) for name in ("feature", "team", "customer")),
        ("compare_periods", {**period, "against": "August 2026"}),
        ("compare_periods", {**period, "filters": {"team": "relevance"}}),
        ("compare_periods", {**period, "filters": {"team": "*e*"}}),
        ("unit_costs", period), ("unit_costs", {**period, "group_by": ["feature"]}),
        ("margin", period), ("margin", {**period, "by": "customer"}),
        ("anomalies", period), ("budget_status", {"day": "2026-09-10"}),
        ("forecast", {"as_of": "2026-09-10", "group_by": ["feature"]}),
        ("explain_number", period), ("explain_number", {**period, "at": {"feature": "search"}}),
        ("explain_number", {**period, "at": {"feature": "assistant"}, "file_rows": True}),
        ("explain_number", {"period": SEPTEMBER, "figure": "reconciliation",
                            "at": {"source": "aws", "billing_period": "2026-09"}}),
    ]  # fmt: skip
    for who in ("ann", "limited"):
        told = asked(over_http(port, tokens[who]), *calls)
        assert "$450.00" in text(told[0]), "their own they see"
        leaks = []
        for (name, arguments), answer in zip(calls, told, strict=True):
            asked_for = json.dumps(arguments)
            whole = text(answer) + json.dumps(answer.structured_content or {})
            for ours in ("search_values", "/search/", f"holds '{arguments.get('query')}'"):
                whole = whole.replace(ours, "")
            leaks += [
                f"{who} {name} {asked_for}: {word}"
                for word in THEIRS
                if word in whole and word not in asked_for
            ]
        assert not leaks


def test_without_a_good_token_nobody_is_answered(port, tokens):
    good = tokens["viewer"]
    bad = ("", "Bearer", "Bearer aic_0_x", "Basic !", f"Bearer {good}x", f"Token {good}",
           f"Bearer {tokens['revoked']}", f"Bearer {tokens['ended']}")  # fmt: skip
    for told in (*bad, f"Bearer {tokens['ingest']}"):
        status, headers, body = posted(port, json.dumps(HELLO), Authorization=told)
        assert status == (401 if told in bad else 403), told
        assert headers["WWW-Authenticate"].startswith('Bearer realm="aicost", scope="read"')
        assert "manage.py token add" in body["error"]["message"]


def test_http_refuses_strangers_streams_and_what_is_too_large(port, tokens):
    good = {"Authorization": f"Bearer {tokens['viewer']}"}
    hello = json.dumps(HELLO)
    for origin in ("http://evil.example", "null", "http://127.0.0.1.evil.example"):
        assert posted(port, hello, **good, Origin=origin)[0] == 403
    assert posted(port, hello, **good, Origin=f"http://127.0.0.1:{port}")[0] == 200
    assert posted(port, hello, **good, Host="evil.example")[0] == 400
    assert posted(port, "", "GET", **good)[0] == 405
    assert posted(port, "", "DELETE", **good)[0] == 405
    assert posted(port, "x" * (BODY_BYTES_MAX + 1), **good)[0] == 413
    for body in ("{", "[]", "null", '{"id": 1}', "[" * 30_000, '{"jsonrpc":"2.0","id":{},"x":1}'):
        assert 400 <= posted(port, body, **good)[0] < 500


def posted(port: int, body: str, method: str = "POST", **headers: str):
    """(status, headers, body as JSON) of one request by hand."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    told = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    link.request(method, "/mcp", body.encode(), told | headers)
    answer = link.getresponse()
    raw = answer.read()
    link.close()
    try:
        return answer.status, answer.headers, json.loads(raw or b"{}")
    except ValueError:
        return answer.status, answer.headers, raw


def test_stdio_answers_only_as_somebody(people, tokens, monkeypatch):
    for name, token, told in (
        ("", "", "--user NAME, or a token in AICOST_MCP_TOKEN"),
        ("", tokens["ingest"], "this needs read"),
        ("", tokens["revoked"], "is revoked"),
        ("stranger", "", "manage.py adduser makes one"),
    ):
        monkeypatch.setenv("AICOST_MCP_TOKEN", token)
        with pytest.raises(CommandError, match=told):
            call_command("mcp", user=name)
    monkeypatch.setenv("AICOST_MCP_TOKEN", tokens["limited"])
    assert reader_of("").asker == Asker("finance", ("support",))
    assert reader_of("admin").asker == Asker("admin")
