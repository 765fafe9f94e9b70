"""Somebody types, or sends by hand, what no form holds: NUL, half characters, markup, very much of
everything, other people's addresses. Each answer says why; nothing of it runs on a page."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
import pytest

from aicost.accounts.models import ApiToken
from aicost.jobs.models import Job
from aicost.web.pages.prices import FIELDS
from attribution.budgeting.balances import FIELDS as BALANCE_FIELDS
from attribution.budgeting.edit import FIELDS as BUDGET_FIELDS
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule, Budget
from ingest.connect import configure
from ingest.fetch.connectors import CONNECTORS
from ingest.models import Annotation, Delivery, Price, Source, SourceRun

pytestmark = pytest.mark.django_db
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ODD = ("\x00", "a\x00b", "x" * 20_000, MARKUP, "\u202eevil", "{{ 7*7 }}{% debug %}", "9" * 400)


@pytest.fixture
def strict(people):
    def client(who: str, **more) -> Client:
        made = Client(raise_request_exception=False, **more)
        made.force_login(people[who])
        return made

    return client


def is_safe(content: bytes) -> bool:
    return b"<script>alert" not in content and b"<img src=x" not in content


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)
def test_it_takes_no_odd_settings(strict, connector, monkeypatch):
    monkeypatch.setattr("ingest.connect.TEST_SECONDS", 3)
    client = strict("finops")
    for odd in ODD:
        given = {field.name: odd for field in connector.fields}
        given |= {"name": odd, "every_minutes": "60"}
        for every in ("60", odd, "-1", "1e3", ""):
            answer = client.post(
                f"/sources/add/{connector.name}/", given | {"every_minutes": every}
            )
            assert answer.status_code in (302, 400), (odd[:20], answer.status_code)
            assert is_safe(answer.content), odd[:20]
        if connector.name in ("csv_url", "folder", "gcp_bigquery", "git_webhook", "on_prem"):
            answer = client.post(f"/sources/test/{connector.name}/", given)
            assert answer.status_code < 500 and is_safe(answer.content)
    for source in Source.objects.all():
        for address in ("", "edit/"):
            answer = client.get(f"/sources/{source.pk}/{address}")
            assert answer.status_code == 200 and is_safe(answer.content)
    assert is_safe(client.get("/sources/").content)


def test_it_takes_no_odd_names_elsewhere(strict):
    client = strict("admin")
    for odd in ODD:
        assert client.post("/tokens/", {"name": odd}).status_code in (200, 400), odd[:20]
        fields = [name for name, _, _ in FIELDS]
        good = {
            "provider": "p",
            "model": "m",
            "token_class": "input_tokens",
            "price": "1",
            "per_units": "1000000",
            "currency": "USD",
            "basis": "contract",
            "context_over": "0",
            "valid_from": "2026-09-01",
        }
        for field in fields:
            answer = client.post("/prices/", good | {field: odd})
            assert answer.status_code in (302, 400), (field, odd[:20])
            assert is_safe(answer.content)
            answer = client.get("/prices/", {field: odd, "q": odd})
            assert answer.status_code == 200 and is_safe(answer.content), (field, odd[:20])
        for price in Price.objects.all()[:2]:
            assert client.post(f"/prices/{price.pk}/end/", {"day": odd}).status_code == 400
    for address in ("/prices/", "/tokens/"):
        answer = client.get(address)
        assert answer.status_code == 200 and is_safe(answer.content)


def test_it_takes_no_odd_budget_and_no_odd_balance(strict):
    client = strict("admin")
    budget = {"title": "b", "amount": "5", "currency": "USD"}
    balance = {"title": "c", "balance": "5", "currency": "USD", "day": "2026-09-01"}
    for odd in (*ODD, "-1", "1e400", "9999-12-31", "0001-01-01", "{}", '{"team": 1}', "a=;b="):
        for address, good, fields in (
            ("/budgets/new/", budget, BUDGET_FIELDS),
            ("/budgets/balances/new/", balance, BALANCE_FIELDS),
        ):
            for field in fields:
                answer = client.post(address, good | {field: odd})
                assert answer.status_code in (302, 400), (field, odd[:20])
                assert is_safe(answer.content), (field, odd[:20])
        Budget.objects.filter(title="b").delete()
        for address in ("/budgets/import/", "/budgets/balances/import/"):
            answer = client.post(address, {"file": SimpleUploadedFile("b", odd.encode())})
            assert answer.status_code == 400 and is_safe(answer.content), odd[:20]
    for address in ("/budgets/?whole=1", f"/budgets/{Budget.objects.earliest('id').pk}/"):
        answer = client.get(address)
        assert answer.status_code == 200 and is_safe(answer.content)
    assert client.get(f"/budgets/{'9' * 30}/").status_code == 404


def ticket_of(client, content: bytes, name: str = "x.csv") -> tuple[str, bytes, int]:
    answer = client.post("/sources/map/", {"file": SimpleUploadedFile(name, content)})
    found = answer.content.split(b'name="ticket" value="')
    ticket = found[1].split(b'"')[0].decode() if len(found) > 1 else ""
    return ticket, answer.content, answer.status_code


def test_it_maps_no_odd_file(strict, home):
    client = strict("admin")
    bodies = (
        b"",
        b"\x00" * 100,
        b"a" * 5_000_000,
        b",".join(b"c%d" % n for n in range(5000)) + b"\n1\n",
        (MARKUP + ",b\n1,2\n").encode(),
        b"a,a,a\n1,2,3\n",
        b"\xff\xfe\x00a",
        b"PAR1" + b"\x00" * 50,
        b"\x1f\x8b\x08\x00broken",
        b'"' * 999,
        b"a,b\n" + b"=cmd|' /C calc'!A0,2\n",
        b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        b"\n\n\n",
        b"a\tb\n1\t2\n",
    )
    for place, body in enumerate(bodies):
        for name in ("x.csv", "x.parquet", "x.jsonl", "x.csv.gz", MARKUP + ".csv", "../../x.csv"):
            ticket, content, status = ticket_of(client, body, name)
            assert status in (200, 400) and is_safe(content), (place, name, status)
            if not ticket:
                continue
            for odd in (MARKUP, ODD[1], "day") if place < 6 else ("a",):
                given = {
                    "ticket": ticket,
                    "do": "save",
                    "target": "revenue",
                    "source": odd,
                    "column-day": odd,
                    "column-revenue": "a",
                    "fixed-currency": odd,
                    f"column-{odd}": "a",
                    f"fixed-{odd}": odd,
                    "decimal": odd,
                    "date": odd,
                }
                for more in (
                    {},
                    {"do": "preview"},
                    {"target": odd},
                    {"decimal": ".", "date": "iso"},
                ):
                    answer = client.post("/sources/map/", given | more)
                    assert answer.status_code in (200, 302, 400), (place, name, odd[:10], more)
                    assert is_safe(answer.content)
            break
    for ticket in (
        "../files",
        "..",
        "upload-" + "0" * 32,
        "/etc",
        "upload-" + "0" * 32 + "/../..",
        "upload-\x00" + "0" * 31,
        "",
    ):
        answer = client.post("/sources/map/", {"ticket": ticket, "do": "save"})
        assert answer.status_code == 400, ticket


def test_texts_from_outside_are_only_texts(strict, people, costs):
    bill = Source.objects.order_by("pk").first()
    source = Source.objects.create(name=MARKUP, kind="bill", connector="csv_url")
    SourceRun.objects.create(
        source=source,
        state="failed",
        message=MARKUP,
        cure=MARKUP,
        finished_at=timezone.now(),
        facts=[{"set": MARKUP, MARKUP: MARKUP}],
    )
    Delivery.objects.create(
        source=source, reader=MARKUP, name=MARKUP, state="held", message=MARKUP, set_sha256="0" * 64
    )
    for url in ("javascript:alert(1)", "https://x/" + MARKUP):
        Annotation.objects.create(
            source=bill,
            event_id=url,
            at=timezone.now(),
            kind="deploy",
            title=MARKUP,
            url=url,
            author=MARKUP,
        )
    ApiToken.objects.create(
        name=MARKUP, user=people["admin"], scopes=["ingest"], token_id=MARKUP[:10], sha256="x"
    )
    client = strict("admin")
    for address in (
        "/",
        "/explore/",
        "/health/",
        "/sources/",
        f"/sources/{source.pk}/",
        "/tokens/",
        f"/sources/{source.pk}/edit/",
        "/models/",
        "/models/ranker/",
        "/prices/",
    ):
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        assert is_safe(answer.content), address
        assert b'href="javascript:' not in answer.content, address


def test_only_those_who_may_can_change_anything(strict, people):
    for who in ("viewer", "engineer", "scoped", "finance", "lone"):
        source = configure(f"rates {who}", "ecb_rates", {"url": "https://ecb.example"})
        client = strict(who)
        for address in (
            "add/ecb_rates/",
            "test/ecb_rates/",
            f"{source.pk}/edit/",
            f"{source.pk}/test/",
            f"{source.pk}/run/",
            f"{source.pk}/pause/",
        ):
            answer = client.post(f"/sources/{address}", {"name": "x", "url": "https://x"})
            assert answer.status_code == 403, (who, address)
        assert client.post("/tokens/", {"name": "x"}).status_code == 403
        if who != "finance":
            assert client.post("/prices/", {"model": "x"}).status_code == 403, who
        if who in ("viewer", "scoped", "lone"):
            assert client.post("/sources/map/", {"do": "save"}).status_code == 403, who
        source.refresh_from_db()
        assert source.enabled and source.settings == {"url": "https://ecb.example"}
    assert not ApiToken.objects.exists() and not Job.objects.exists()


def test_it_takes_no_form_without_its_token(strict, people):
    source = configure("rates", "ecb_rates", {"url": "https://ecb.example"})
    client = strict("admin", enforce_csrf_checks=True)
    for address in (
        "/sources/add/ecb_rates/",
        "/sources/test/ecb_rates/",
        "/sources/map/",
        f"/sources/{source.pk}/edit/",
        f"/sources/{source.pk}/run/",
        "/prices/",
        f"/sources/{source.pk}/test/",
        f"/sources/{source.pk}/pause/",
        "/tokens/",
    ):
        assert client.post(address, {"name": "x"}).status_code == 403, address


RULE_FIELDS = (
    "title", "method", "then", "fallback", "before", "valid_from", "valid_to", "sources", "why",
    "position", "base", "c-0-field", "c-0-op", "c-0-value", "a-0-name", "a-0-from", "a-0-text",
    "o-cpu", "c-99-field", "a-7-text", "back",
)  # fmt: skip
RULE = {
    "title": "Ours", "c-0-field": "account", "c-0-op": "is", "c-0-value": "1", "a-0-name": "team",
    "a-0-text": "search", "do": "preview", "why": "so",
}  # fmt: skip


def test_it_takes_no_odd_rules(strict):
    """Each part of the form in turn; what can be previewed is saved, and shown everywhere."""
    ensure_builtin_rules()
    client = strict("finance")
    for odd in ODD:
        for name in RULE_FIELDS:
            answer = client.post("/rules/new/", RULE | {name: odd})
            assert answer.status_code in (200, 400), (name, odd[:20])
            assert is_safe(answer.content), (name, odd[:20])
            seen = re.search(rb'name="seen" value="([^"]+)"', answer.content)
            if seen and name in ("title", "c-0-value", "a-0-text"):
                given = {"seen": seen[1].decode(), "why": odd}
                assert client.post("/rules/save/", given).status_code in (302, 400)
        for address, name in (
            ("/rules/save/", "seen"), ("/rules/preview/", "carried"), ("/rules/order/", "order"),
            ("/rules/import/", "text"), ("/rules/order/", "move"), ("/rules/rule/tax/edit/", "do"),
        ):  # fmt: skip
            answer = client.post(address, {name: odd, "do": "preview"})
            assert answer.status_code < 500 and is_safe(answer.content), (address, odd[:20])
        for address, name in (
            ("/rules/new/", "draft"), ("/rules/values/", "c-0-field"), ("/rules/", "by"),
            ("/rules/rule/tax/switch/", "preview_from"), ("/rules/rule/tax/", "by"),
        ):  # fmt: skip
            answer = client.get(address, {name: odd})
            assert answer.status_code < 500 and is_safe(answer.content), (address, odd[:20])
    for rule in AllocationRule.objects.filter(built_in=False):
        assert is_safe(client.get(f"/rules/rule/{rule.key}/").content)
    assert is_safe(client.get("/rules/").content)
    assert client.get("/rules.yaml").status_code == 200
