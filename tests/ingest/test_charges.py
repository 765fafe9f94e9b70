"""Amounts and identities of charges."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
import os

from hypothesis import given, settings
from hypothesis import strategies as st
import ibis

from aicost.kernel.money import to_ledger
from ingest.sources.charges import IDENTITY, series_sha256
from ingest.sources.tags import read_object
from ingest.sources.values import amount, rounded_off

ENGINE = ibis.duckdb.connect()
# Each case is a query of its own, which takes a hundred times as long as the sum it checks.
CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "100"))
EXACT = Context(prec=90, rounding=ROUND_HALF_EVEN)


def read(texts):
    table = ibis.memtable({"text": texts}, schema={"text": "string"})
    query = table.select(stored=amount(table.text), rest=rounded_off(table.text))
    return ENGINE.to_pyarrow(query).to_pylist()


@settings(deadline=None, max_examples=CASES)
@given(
    st.lists(
        st.builds(
            lambda sign, whole, part, exponent: f"{sign}{whole}.{part}{exponent}",
            st.sampled_from(["", "-", "+"]),
            st.integers(0, 9_999_999),
            st.text("0123456789", min_size=1, max_size=23) | st.just("0" * 17 + "15"),
            st.sampled_from(["", "E-6", "e-7", "E0", "e+1"]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_it_reads_amounts_as_decimal_does_and_loses_nothing(texts):
    for text, found in zip(texts, read(texts), strict=True):
        written = Decimal(text)
        assert found["stored"] == to_ledger(written), text
        kept = EXACT.add(found["stored"], found["rest"])
        assert kept == written.quantize(Decimal("1e-30"), context=EXACT), text


def test_it_refuses_what_is_no_amount():
    refused = ["1_000", "1,000", "$5", "0x10", "nan", "inf", "1e400", "--1", "1 000", "٣"]
    assert [row["stored"] for row in read(refused)] == [None] * len(refused)


def series(**told):
    return dict.fromkeys(IDENTITY, "") | {"tags": {}, "extras": {}} | told


def test_it_tells_series_apart_by_every_part_and_every_border():
    different = [
        series(),
        series(provider="ab"),
        series(provider="a", publisher="b"),
        series(publisher="ab"),
        series(tags={"a": "b"}),
        series(extras={"a": "b"}),
        series(tags={"a": ""}),
        series(tags={"a": None}),
        series(tags={"a": "b", "c": "d"}),
        series(tags={"a": "b5:c", "d": ""}),
    ]
    assert len({series_sha256(one) for one in different}) == len(different)


def test_it_does_not_care_how_tags_are_spelt_or_ordered():
    spellings = [
        '{"b": "1", "a": null}',
        "{'a': None, 'b': '1'}",
        '"a": null, "b": "1"',
        [("b", "1"), ("a", None)],
    ]
    assert len({series_sha256(series(tags=read_object(text))) for text in spellings}) == 1
