"""Exact money: what may enter, and that a split never loses or misplaces a quantum."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
import pytest

from aicost.kernel.money import (
    QUANTUM,
    NotMoney,
    minor_unit,
    parse_decimal,
    plain,
    split,
    to_ledger,
)

amounts = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=18, allow_nan=False
)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=9).filter(sum)


@pytest.mark.parametrize(
    "text", ["", " ", "NaN", "inf", "1_000", "1,5", "$1", "0x1", "1e9999", "--1"]
)
def test_it_refuses_what_is_no_number(text):
    with pytest.raises(NotMoney):
        parse_decimal(text)


def test_it_refuses_floats_and_accepts_the_e_notation_of_real_bills():
    with pytest.raises(NotMoney):
        parse_decimal(0.1)
    assert parse_decimal("1.81E-8") == Decimal("0.0000000181")
    assert plain(parse_decimal("1.500")) == "1.5"
    assert plain(Decimal("-0.000")) == "0"


def test_it_rounds_half_even_to_the_ledger_and_refuses_what_does_not_fit():
    assert to_ledger(Decimal("0.0000000000000000005")) == 0
    assert to_ledger(Decimal("0.0000000000000000015")) == Decimal("0.000000000000000002")
    with pytest.raises(NotMoney):
        to_ledger(Decimal("1e20"))


@given(amounts, weights)
def test_it_splits_exactly_fairly_and_with_one_sign(amount, weights):
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < QUANTUM * sum(weights)
        assert not part or (part < 0) == (amount < 0)
        assert weight or part == 0
    assert split(-amount, weights) == [-part for part in parts]


@pytest.mark.parametrize(("code", "unit"), [("EUR", "0.01"), ("XAF", "1"), ("OMR", "0.001")])
def test_the_smallest_amount_of_a_currency_is_that_of_iso_4217(code, unit):
    assert minor_unit(code) == Decimal(unit)
