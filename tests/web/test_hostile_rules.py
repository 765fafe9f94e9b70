"""Somebody sends rules, months and payments that no form makes: lists where texts belong, numbers
without end, NUL, halves of characters. Each answer says what is wrong and where; nothing is kept
of it."""

from urllib.parse import quote

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
import pytest

from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule, FinanceEdition, InvoicePaid, MonthClose
from ingest.models import Source

pytestmark = pytest.mark.django_db
ODD_CHARACTER = "it holds a character that cannot be kept"


@pytest.fixture
def finance(people):
    client = Client(raise_request_exception=False)
    client.force_login(people["finance"])
    return client


@pytest.fixture
def rules(db):
    ensure_builtin_rules()
    return AllocationRule.objects.count()


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ("method: [direct]", "is no method"),
        ("method: {a: b}", "is no method"),
        ("then: {a: b}", "splits by nothing known"),
        ("conditions: [{field: service, op: [is], value: x}]", "is no comparison"),
        ("conditions: [{field: service, op: {a: b}, value: x}]", "is no comparison"),
        ("assigns: [x]", "they are no names with values"),
        ("options: [x]", "they are no names with values"),
        (f"position: {'9' * 5000}", "is no place in the order"),
        (r'title: "a\0b"', ODD_CHARACTER),
        (r'title: "\ud800"', ODD_CHARACTER),
        (r'"\ud800": a', ODD_CHARACTER),
        (r'assigns: {team: "a\0"}', ODD_CHARACTER),
        (r'conditions: [{field: "tag:\0", op: exists}]', ODD_CHARACTER),
        (f"sources: [{', '.join(f's{n}' for n in range(101))}]", "101 sources are too many"),
    ],
)
def test_a_file_of_odd_rules_is_refused_by_line(finance, rules, odd, told):
    title = "" if odd.startswith("title") else "   title: t\n"
    text = f"rules:\n - key: x\n{title}   {odd}\n"
    answer = finance.post("/rules/import/", {"text": text})
    page = answer.content.decode()
    assert answer.status_code == 400 and told in page, page[-2000:]
    assert "line " in page
    assert AllocationRule.objects.count() == rules


def test_a_file_of_very_many_rules(finance, rules):
    text = "rules:\n" + "".join(f" - key: k{n}\n   title: t\n" for n in range(2_001))
    answer = finance.post("/rules/import/", {"text": text})
    assert answer.status_code == 400 and b"2001 rules are more than 2000" in answer.content


def test_a_form_with_nul_is_shown_again(finance, rules):
    form = {"title": "t", "c-0-field": "service", "c-0-value": "x\x00", "a-0-name": "team",
            "a-0-text": "x", "do": "preview"}  # fmt: skip
    answer = finance.post("/rules/new/", form)
    assert answer.status_code == 400 and b"cannot be kept" in answer.content


def test_addresses_of_no_rule(finance, rules):
    for step in ("", "edit/", "switch/", "revert/1/", f"revert/{'9' * 30}/"):
        assert finance.get(f"/rules/rule/a%00b/{step}").status_code in (400, 404)
    odd = ('{"position": 1e400}', '{"title": "\\ud800"}', "[" * 100_000, '{"position": "1e9"}')
    for draft in odd:
        assert finance.get(f"/rules/new/?draft={quote(draft)}").status_code == 400


def test_a_preview_until_the_end_of_the_calendar(finance, rules):
    days = "preview_from=9999-12-31&preview_to=9999-12-31"
    answer = finance.get(f"/rules/rule/tax/switch/?{days}")
    assert answer.status_code == 400 and b"Give two days" in answer.content


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "1999-12", "2200-01", "0000-00", "x"])
def test_no_month_of_a_bill_is_closed(finance, month):
    for act in ("close", "reopen"):
        answer = finance.post(f"/close/{month}/{act}/", {"why": "because", "anyway": "1"})
        assert answer.status_code == 404
    assert finance.get(f"/close/{month}/invoices.csv").status_code == 404
    assert not MonthClose.objects.exists()


def test_payments_and_finance_tables_with_odd_characters(finance):
    Source.objects.create(name="aws", kind="bill")
    head = "source,billing_period,currency,amount,paid_on\n"
    file = SimpleUploadedFile("p.csv", f"{head}a\0ws,2026-09,USD,1,2026-10-01\n".encode())
    answer = finance.post("/close/paid/import/", {"file": file})
    assert answer.status_code == 400 and b"holds a character" in answer.content
    given = {"source": "aws", "billing_period": "9999-12", "currency": "USD", "amount": "1",
             "paid_on": "2026-10-01"}  # fmt: skip
    answer = finance.post("/close/paid/", given)
    assert answer.status_code == 400 and b"2000 to 2199" in answer.content
    assert finance.post("/close/2026-09/reopen/", {"why": "\0"}).status_code == 409
    for name in ("edition", "payment", "month", "by"):
        assert finance.get(f"/close/?{name}={'9' * 5000}").status_code in (200, 400)
    table = "cost_class,note\ncost_of_revenue,a\0b\n"
    given = {"do": "import", "file": SimpleUploadedFile("c.csv", table.encode()), "why": "x"}
    answer = finance.post("/finance/cost_classes/", given)
    assert answer.status_code == 400 and b"row 1, note" in answer.content
    file = SimpleUploadedFile("c.csv", f"cost_class\n{'x' * 50_000}\n".encode())
    answer = finance.post("/finance/cost_classes/", {"do": "import", "file": file})
    assert answer.status_code == 400 and b"x" * 200 not in answer.content
    assert not InvoicePaid.objects.exists() and not FinanceEdition.objects.exists()
