"""Latency histograms: every request in its bucket, sums at any grouping, quantiles close."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
import pytest

from ingest.latency import bucket_of, merge, quantile_ms

latencies = st.decimals("0.001", "1000000", places=3)


@given(latencies)
def test_it_puts_a_latency_into_the_bucket_that_holds_it(ms):
    bucket, exact = bucket_of(ms), Fraction(ms) ** 4
    assert Fraction(2) ** bucket <= exact < Fraction(2) ** (bucket + 1)


@pytest.mark.parametrize(("ms", "bucket"), [("1", 0), ("2", 4), ("1024", 40), ("0", -40)])
def test_it_puts_borders_into_the_upper_bucket(ms, bucket):
    assert bucket_of(Decimal(ms)) == bucket


@given(st.lists(st.dictionaries(st.integers(-40, 127), st.integers(0, 10**9))), st.randoms())
def test_it_merges_in_any_order_and_grouping_to_the_same(histograms, random):
    shuffled = list(histograms)
    random.shuffle(shuffled)
    half = len(shuffled) // 2
    assert merge(shuffled) == merge(histograms)
    assert merge([merge(shuffled[:half]), merge(shuffled[half:])]) == merge(histograms)


@given(st.lists(latencies, min_size=1), st.floats(0, 1))
def test_it_finds_a_quantile_within_a_bucket_of_the_true_one(told, quantile):
    histogram = merge([{bucket_of(ms): 1} for ms in told])
    rank = max(1, -(-Fraction(quantile) * len(told) // 1))
    true = float(sorted(told)[int(rank) - 1])
    assert true / 1.2 < quantile_ms(histogram, quantile) < true * 1.2


def test_it_knows_nothing_of_no_latencies():
    assert merge([None, None]) is None
    assert quantile_ms(None, 0.5) is None
    assert quantile_ms({}, 0.5) is None
