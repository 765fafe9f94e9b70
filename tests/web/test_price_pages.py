"""Prices in the browser: added, changed, ended; a wrong one says why and nothing is saved."""

from datetime import date
from decimal import Decimal

from aicost.accounts.models import AuditEvent
from ingest.models import Price

GIVEN = {
    "provider": "openai",
    "model": "big-llm",
    "token_class": "input_tokens",
    "price": "2.50",
    "per_units": "1000000",
    "currency": "usd",
    "basis": "contract",
    "context_over": "0",
    "valid_from": "2026-09-01",
}


def test_it_adds_changes_and_ends_a_price(client, people):
    client.force_login(people["finance"])
    assert client.post("/prices/", GIVEN).status_code == 302
    price = Price.objects.get()
    assert (price.price, price.currency, price.changed_by) == (
        Decimal("2.5"), "USD", people["finance"],
    )  # fmt: skip
    assert 'value="2.5"' in client.get(f"/prices/{price.pk}/").content.decode()
    client.post(f"/prices/{price.pk}/", GIVEN | {"price": "2.4"})
    client.post(f"/prices/{price.pk}/end/", {"day": "2026-10-01"})
    price.refresh_from_db()
    assert (price.price, price.valid_to) == (Decimal("2.4"), date(2026, 10, 1))
    assert AuditEvent.objects.filter(action__startswith="price_").count() == 3


def test_it_says_why_a_price_cannot_be(client, people):
    client.force_login(people["finops"])
    for wrong, reason in (
        ({"price": "-1"}, "is negative"),
        ({"price": ""}, "give either price or discount_percent"),
        ({"model": ""}, "a price needs model"),
        ({"valid_from": "soon"}, "is no date"),
        ({"token_class": "smiles"}, "is none of"),
    ):
        answer = client.post("/prices/", GIVEN | wrong)
        assert (answer.status_code, reason in answer.content.decode()) == (400, True), wrong
    assert not Price.objects.exists()
    client.post("/prices/", GIVEN)
    again = client.post("/prices/", GIVEN | {"valid_from": "2026-09-15"})
    assert "overlap" in again.content.decode()
    assert Price.objects.count() == 1


def test_it_is_filled_in_from_the_link_of_an_unpriced_call(visit, people):
    page = visit("finance", "/prices/?model=odd-llm&provider=vendor").content.decode()
    assert 'value="odd-llm"' in page and 'value="vendor"' in page


def test_it_lets_only_the_roles_of_money_change_prices(visit, client, people):
    assert b"Add a price" not in visit("engineer", "/prices/").content
    assert client.post("/prices/", GIVEN).status_code == 403
    assert visit("scoped", "/prices/").status_code == 403
    assert not Price.objects.exists()
