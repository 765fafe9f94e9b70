"""A file of another shape, read by a mapping: it means what a canonical one would."""

from decimal import Decimal
import gzip

import pytest

from ingest.file_rows import rows_of_charge
from ingest.load import load
from ingest.models import Charge, Quarantined, Revenue, Source
from ingest.preview import preview
from ingest.readers import save_mapping
from ingest.sources.base import Unreadable
from ingest.sources.mapped import BadMapping, checked, iso_time, plain_number

BILL = (
    "\ufeffDatum;Leistung;Netto (EUR);Kunde\n"
    '01.09.2026;"GPU\nServer";1.234,56;a\n'
    "02.09.2026;Support;(34,56);\n"
)
MAPPING = {
    "target": "focus",
    "columns": {
        "ChargePeriodStart": "Datum",
        "ServiceName": "Leistung",
        "BilledCost": "Netto (EUR)",
        "SubAccountId": "Kunde",
    },
    "constants": {"BillingCurrency": "EUR", "ProviderName": "Hoster"},
    "decimal": ",",
    "date": "day_first",
}


def mapped(name: str, told: dict) -> Source:
    return save_mapping(Source.objects.create(name=name, kind="bill"), told)


@pytest.mark.django_db
def test_it_loads_a_bill_in_other_words_to_the_cent(tmp_path, home):
    path = tmp_path / "rechnung.csv.gz"
    path.write_bytes(gzip.compress(BILL.encode()))
    source = mapped("hoster", MAPPING)
    [loaded] = load([path], "hoster")
    assert (loaded.state, loaded.reader, loaded.billed_cost, loaded.currency) == (
        "published", "mapped-1", Decimal(1200), "EUR",
    )  # fmt: skip
    second = Charge.objects.order_by("day").last()
    assert (str(second.day), str(second.billing_period)) == ("2026-09-02", "2026-09-01")
    [row] = rows_of_charge(second)
    assert (row["line"], row["columns"]["BilledCost"]) == (4, "-34.56")

    other = {**MAPPING, "columns": MAPPING["columns"] | {"ResourceId": "Kunde"}}
    save_mapping(source, other)
    [row] = rows_of_charge(second)
    assert row["line"] == 4, "an old delivery is read with the mapping it came with"


@pytest.mark.django_db
def test_it_holds_a_mapped_bill_whole_and_names_the_line(tmp_path, home):
    path = tmp_path / "rechnung.csv"
    path.write_text(BILL + "03.09.2026;Strom;viel;\n", encoding="utf-8")
    mapped("hoster", MAPPING)
    [held] = load([path], "hoster")
    assert (held.state, Charge.objects.count()) == ("held", 0)
    assert "line 5" in held.message and "'viel'" in held.message
    with pytest.raises(Unreadable, match="line 5"):
        preview(path, MAPPING)


@pytest.mark.django_db
def test_it_quarantines_rows_on_their_own_lines(tmp_path, home):
    path = tmp_path / "umsatz.csv"
    path.write_text('Tag|Was|Summe\n09/01/2026|"a\nb"|10\n13/01/2026|x|1\n09/02/2026|y|2\n')
    told = {
        "target": "revenue",
        "columns": {"day": "Tag", "feature": "Was", "revenue": "Summe"},
        "constants": {"currency": "EUR"},
        "date": "month_first",
    }
    mapped("sales", told)
    [loaded] = load([path], "sales")
    assert (loaded.rows_loaded, loaded.rows_quarantined) == (2, 1)
    assert sorted(Revenue.objects.values_list("feature", "amount")) == [
        ("a b", Decimal(10)), ("y", Decimal(2)),
    ]  # fmt: skip
    assert Quarantined.objects.get().line == 4


@pytest.mark.django_db
def test_it_says_which_column_of_the_mapping_is_gone(tmp_path, home):
    path = tmp_path / "rechnung.csv"
    path.write_text(BILL.replace("Netto (EUR)", "Brutto (EUR)"), encoding="utf-8")
    mapped("hoster", MAPPING)
    [held] = load([path], "hoster")
    assert "'Netto (EUR)', which the mapping reads as BilledCost, is not there" in held.message


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"target": "poetry"}, "nothing to map to"),
        ({"target": "focus", "columns": {"Colour": "x"}}, "no column 'Colour'"),
        ({"target": "revenue", "columns": {"day": "Tag"}}, "revenue has to be told"),
        ({**MAPPING, "constants": MAPPING["constants"] | {"BilledCost": "1"}}, "not both"),
        ({**MAPPING, "decimal": "'"}, "unknown ways"),
    ],
)
def test_it_refuses_a_mapping_that_cannot_work(told, reason):
    with pytest.raises(BadMapping, match=reason):
        checked(told)


def test_it_reads_numbers_and_times_as_people_write_them():
    numbers = {
        ".": {"1,234.56": "1234.56", "$1,234": "1234", "(5.00)": "-5.00", "1.81E-8": "1.81E-8",
              "12,34": "12,34", "1_000": "1_000", "n/a": "n/a"},
        ",": {"1.234,56 €": "1234.56", "-0,5": "-0.5", "1.23": "1.23", "'1'": "1"},
    }  # fmt: skip
    for decimal, cases in numbers.items():
        assert {text: plain_number(text, decimal) for text in cases} == cases
    times = {
        "day_first": {"31.12.2026": "2026-12-31", "1/2/26 10:00": "2026-02-01T10:00",
                      "2026-12-31": "2026-12-31"},
        "month_first": {"12/31/2026": "2026-12-31"},
        "unix": {"1788220800": "2026-09-01T00:00:00+00:00", "soon": "soon"},
        "unix_ms": {"1788220800500": "2026-09-01T00:00:00.500000+00:00"},
    }  # fmt: skip
    for way, cases in times.items():
        assert {text: iso_time(text, way) for text in cases} == cases
