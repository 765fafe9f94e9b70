"""What a unit of a call costs: worked examples, each with its sum, and the table they stand in."""

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
import io

from django.core.management import call_command
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
import pytest

from ingest.load import load
from ingest.models import Alias, ChangedDay, Price
from ingest.price_book import PRICE_CLASSES, PriceBook, Rate
from ingest.prices import PriceRefused, end_price, price_of, save_price

D = Decimal
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
MILLION = 1_000_000


def contract(**more) -> Rate:
    told = {"basis": "contract", "valid_from": date(2026, 1, 1), "currency": "USD"}
    return Rate(**{**told, **more})


def cost(book: PriceBook, provider: str, model: str, usage: dict, **more) -> D | None:
    """The price of one call: the sum over its classes, None if one of them has no price."""
    context = sum(n for name, n in usage.items() if name.endswith(("input_tokens", "h_tokens",
                                                                   "5m_tokens")))  # fmt: skip
    total = D(0)
    for token_class, tokens in usage.items():
        found = book.price_of(
            provider, model, token_class, AT, context_tokens=more.get("context", context),
            service_tier=more.get("tier", ""),
        )  # fmt: skip
        if found is None:
            return None
        total += tokens * found.unit_price
    return total


def test_it_prices_cache_writes_of_five_minutes_and_of_an_hour_apart():
    """Input 3.00, cached 0.30, written 3.75 for 5 minutes and 6.00 for an hour, output 15.00 a
    million: 0.03 + 0.012 + 0.0375 + 0.06 + 0.015 = 0.1545. At one write price it were 0.132."""
    usage = {
        "input_tokens": 10_000, "cached_input_tokens": 40_000, "cache_write_5m_tokens": 10_000,
        "cache_write_1h_tokens": 10_000, "output_tokens": 1_000,
    }  # fmt: skip
    assert cost(PriceBook(), "anthropic", "claude-sonnet-4-5", usage) == D("0.1545")


def test_it_prices_reasoning_as_output_once():
    """1.25 in and 10.00 out a million; reasoning is apart from output here, and costs as much."""
    usage = {"input_tokens": 1_000, "output_tokens": 300, "reasoning_tokens": 700}
    assert cost(PriceBook(), "openai", "gpt-5", usage) == D("0.01125")


def test_it_halves_a_batch_and_doubles_priority():
    usage = {"input_tokens": MILLION, "output_tokens": MILLION}
    book = PriceBook()
    assert cost(book, "openai", "gpt-5", usage) == D("11.25")
    assert cost(book, "openai", "gpt-5", usage, tier="batch") == D("5.625")
    assert cost(book, "openai", "gpt-5", usage, tier="flex") == D("5.625")
    assert cost(book, "openai", "gpt-5", usage, tier="priority") == D("22.5")
    said = book.price_of("azure", "gpt-5", "input_tokens", AT, service_tier="batch")
    assert said.service_tier == ""  # no batch price is known there, and it says so


def test_a_call_beyond_200_000_tokens_pays_the_higher_rate_whole():
    book, model = PriceBook(), "claude-sonnet-4-5"
    assert cost(book, "anthropic", model, {"input_tokens": 200_000}) == D("0.6")
    assert cost(book, "anthropic", model, {"input_tokens": 200_001}) == D("1.200006")
    cached = {"input_tokens": 1_000, "cached_input_tokens": 200_000, "output_tokens": 1_000}
    assert cost(book, "anthropic", model, cached) == D("0.1485")  # cached input counts


def test_a_price_changes_at_midnight_utc_wherever_the_caller_is():
    book = PriceBook([
        contract(model="m", token_class="input_tokens", price=D(1), valid_to=date(2026, 3, 29)),
        contract(model="m", token_class="input_tokens", price=D(2), valid_from=date(2026, 3, 29)),
    ])  # fmt: skip
    # Central Europe puts its clocks forward at 01:00 UTC of this very day.
    winter, summer = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
    told = {
        datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC): 1,
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=winter): 1,
        datetime(2026, 3, 29, tzinfo=UTC): 2,
        datetime(2026, 3, 29, 1, 0, tzinfo=winter): 2,
        datetime(2026, 3, 29, 1, 59, 59, tzinfo=summer): 1,
        datetime(2026, 3, 29, 2, 0, tzinfo=summer): 2,
    }
    for at, price in told.items():
        assert book.price_of("p", "m", "input_tokens", at).unit_price == price, at


def test_a_public_price_has_its_date_too():
    """o3 fell from 10 to 2 a million on 10 June 2025."""
    book = PriceBook()
    before, after = datetime(2025, 6, 9, 23, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)
    assert book.price_of("openai", "o3", "input_tokens", before).unit_price == D("0.00001")
    assert book.price_of("openai", "o3", "input_tokens", after).unit_price == D("0.000002")


def test_contract_goes_before_list_and_the_most_specific_row_wins():
    book = PriceBook([
        contract(provider="OpenAI", discount_percent=D(20), id=1, origin="EA 7"),
        contract(provider="openai", model="gpt-5", token_class="output_tokens",
                 price=D("0.000008"), id=2),
        contract(provider="openai", model="gpt-5", token_class="output_tokens",
                 service_tier="batch", region="eu", price=D("0.000003"), id=3),
        contract(basis="list", model="gpt-5", token_class="input_tokens", price=D("0.000002"),
                 id=4),
    ])  # fmt: skip

    def found(token_class, **more):
        return book.price_of("openai", "gpt-5", token_class, AT, **more)

    assert found("output_tokens").price_id == 2
    assert found("output_tokens", service_tier="Batch", region="EU").price_id == 3
    assert found("output_tokens", service_tier="batch", region="us").price_id == 2
    discounted = found("input_tokens")  # 20 % off our own list, which goes before the public one
    assert (discounted.unit_price, discounted.basis) == (D("0.0000016"), "contract")
    assert discounted.origin == "EA 7: 20 % off price 4"
    cached = found("cached_input_tokens")  # 20 % off the public price of cached input, not of input
    assert cached.unit_price == D("0.0000001")
    assert book.price_of("azure", "gpt-5", "output_tokens", AT).basis == "list"


def test_what_nobody_prices_is_unpriced_and_never_a_default():
    book = PriceBook([contract(provider="openai", discount_percent=D(20))])
    assert book.price_of("openai", "in-house-7b", "input_tokens", AT) is None
    assert book.price_of("vllm", "gpt-5", "input_tokens", AT) is None
    assert book.price_of("", "llama-3-8b", "input_tokens", AT) is None
    # A model of our own GPUs that is named like a public one is not priced like it.
    assert book.price_of("", "mistral-7b", "input_tokens", AT, guess_provider=False) is None
    # An hour-long cache write is never taken for a short one.
    short = PriceBook([
        contract(model="m", token_class="input_tokens", price=D(1)),
        contract(model="m", token_class="cache_write_5m_tokens", price=D(2)),
    ])  # fmt: skip
    assert short.price_of("p", "m", "cache_write_1h_tokens", AT) is None
    assert short.price_of("p", "m", "cached_input_tokens", AT).unit_price == 1


def test_a_call_without_a_provider_takes_no_side_between_two():
    rows = [
        contract(provider="a", model="m", token_class="requests", price=D(1)),
        contract(provider="b", model="m", token_class="requests", price=D(2)),
    ]
    assert PriceBook(rows).price_of("", "m", "requests", AT) is None
    assert PriceBook(rows[:1]).price_of("", "m", "requests", AT).unit_price == 1
    assert PriceBook(rows).price_of("b", "m", "requests", AT).unit_price == 2


def test_a_discount_of_one_provider_is_none_on_the_models_of_another():
    book = PriceBook([contract(provider="OpenAI", discount_percent=D(15))])
    ours = book.price_of("", "gpt-5", "input_tokens", AT)
    theirs = book.price_of("", "claude-sonnet-4-5", "input_tokens", AT)
    assert (ours.basis, ours.unit_price * 1_000_000) == ("contract", D("1.0625"))
    assert (theirs.basis, theirs.unit_price * 1_000_000) == ("list", D(3))


COUNTS = st.integers(min_value=0, max_value=400_000)


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    model=st.sampled_from([
        ("openai", "gpt-5"), ("openai", "o3"), ("openai", "gpt-4o"), ("google", "gemini-2.5-pro"),
        ("anthropic", "claude-sonnet-4-5"), ("aws", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("mistral", "mistral-large-latest"), ("deepseek", "deepseek-chat"),
    ]),
    counts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS),
    tier=st.sampled_from(["", "batch"]),
)  # fmt: skip
def test_the_classes_of_a_call_sum_to_the_price_of_the_call(model, counts, tier):
    """Against the package's own reckoning, in which caches are inside input."""
    fresh, cached, output, reasoning = counts
    usage = {
        "input_tokens": fresh, "cached_input_tokens": cached,
        "output_tokens": output, "reasoning_tokens": reasoning,
    }  # fmt: skip
    whole = calc_price(
        Usage(input_tokens=fresh + cached, cache_read_tokens=cached,
              output_tokens=output + reasoning, output_reasoning_tokens=reasoning),
        model[1], provider_id=model[0], genai_request_timestamp=AT,
        price_context={"processing": "batch"} if tier else None,
    )  # fmt: skip
    ours = cost(PriceBook(), *model, usage, tier=tier, context=fresh + cached)
    assert ours == whole.total_price


def row(**more) -> dict:
    told = {
        "provider": "openai", "model": "gpt-5", "token_class": "input_tokens", "price": D("1.00"),
        "currency": "USD", "basis": "contract", "valid_from": date(2026, 1, 1),
    }  # fmt: skip
    return {**told, **more}


@pytest.mark.django_db
def test_it_refuses_overlapping_negative_and_senseless_prices_with_words():
    first = save_price(row())
    for values, told in (
        (row(valid_from=date(2026, 6, 1)), "overlap: 2026-01-01 to open and 2026-06-01 to open"),
        (row(model="GPT-5", valid_from=date(2026, 6, 1)), "overlap"),
        (row(), "begins on 2026-01-01 already"),
        (row(region="eu", price=D("-1")), "the price -1 is negative"),
        (row(region="eu", price=None), "give either price or discount_percent"),
        (row(region="eu", model=""), "a price needs model"),
        (row(region="eu", token_class="tokens"), "is none of input_tokens"),
        (row(region="eu", valid_to=date(2026, 1, 1)), "is not after valid_from"),
        (row(region="eu", price=None, discount_percent=D(120)), "no percentage"),
    ):
        with pytest.raises(PriceRefused, match=told):
            save_price(values)
    assert Price.objects.get().pk == first.pk
    end_price(first, date(2026, 6, 1))
    save_price(row(valid_from=date(2026, 6, 1), price=D("0.90")))
    assert not ChangedDay.objects.exists()  # nothing is priced anew by itself


@pytest.mark.django_db
def test_it_finds_a_price_under_the_canonical_name():
    Alias.objects.create(dimension="model", raw="prod-deployment-3", canonical="gpt-5")
    assert price_of("azure", "prod-deployment-3", "input_tokens", AT).unit_price == D("0.00000125")
    assert price_of("azure", "staging-deployment", "input_tokens", AT) is None


HEADER = (
    "provider,model,token_class,per_units,price,discount_percent,currency,basis,valid_from,valid_to"
)


@pytest.mark.django_db
def test_it_imports_a_file_of_prices_and_exports_it_again(home, tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text(
        f"{HEADER}\n"
        "openai,gpt-5,input_tokens,1000000,1.00,,USD,contract,2026-01-01,2026-07-01\n"
        "openai,gpt-5,input_tokens,1000000,0.90,,USD,contract,2026-07-01,\n"
        "openai,,,,,15 %,,contract,2026-01-01,\n"
        ",tuned,requests,1,0.002,,EUR,contract,2026-01-01,\n"
        "openai,gpt-5,output_tokens,1000000,-3,,USD,contract,2026-01-01,\n"
        "openai,gpt-5,tokens,1000000,3,,USD,contract,2026-01-01,\n"
    )
    [result] = load([file], "prices")
    assert (result.reader, result.rows_loaded, result.rows_quarantined) == ("prices", 4, 2)
    assert price_of("openai", "gpt-5", "input_tokens", AT).unit_price == D("0.0000009")
    assert price_of("openai", "gpt-5", "output_tokens", AT).unit_price == D("0.0000085")
    assert price_of("", "tuned", "requests", AT).currency == "EUR"

    out = io.StringIO()
    call_command("prices", "export", stdout=out)
    before = list(Price.objects.order_by("pk").values())
    again = tmp_path / "again.csv"
    again.write_text(out.getvalue())
    call_command("prices", "import", str(again), stdout=io.StringIO())
    assert list(Price.objects.order_by("pk").values()) == before
    assert len(list(csv.DictReader(io.StringIO(out.getvalue())))) == 4


@pytest.mark.django_db
def test_a_file_with_an_overlap_changes_nothing(home, tmp_path):
    save_price(row())
    file = tmp_path / "prices.csv"
    file.write_text(
        f"{HEADER}\n"
        "openai,gpt-5,output_tokens,1000000,8,,USD,contract,2026-01-01,\n"
        "openai,gpt-5,input_tokens,1000000,0.90,,USD,contract,2026-07-01,\n"
    )
    [result] = load([file], "prices")
    assert result.state == "held"
    assert "overlap: 2026-01-01 to open and 2026-07-01 to open" in result.message
    assert "End the first on 2026-07-01" in result.message
    assert Price.objects.count() == 1


def test_every_class_of_usage_can_have_a_price():
    from ingest.models import TOKEN_CLASSES

    assert set(TOKEN_CLASSES) < set(PRICE_CLASSES)


@pytest.mark.django_db
def test_the_admin_says_why_a_price_is_refused_and_who_changed_one(admin_client, admin_user):
    told = {
        "provider": "openai", "model": "gpt-5", "token_class": "input_tokens", "context_over": "0",
        "per_units": "1000000", "price": "1.00", "currency": "USD", "basis": "contract",
        "valid_from": "2026-01-01",
    }  # fmt: skip
    assert admin_client.post("/admin/ingest/price/add/", told).status_code == 302
    assert Price.objects.get().changed_by == admin_user
    for more, words in (
        ({"valid_from": "2026-06-01"}, "overlap"),
        ({"price": "-1", "region": "eu"}, "is negative"),
        ({}, "already"),
    ):
        answer = admin_client.post("/admin/ingest/price/add/", told | more)
        assert words in answer.content.decode()
    assert Price.objects.count() == 1
