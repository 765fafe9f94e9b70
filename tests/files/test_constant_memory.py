"""However many rows a day has, few of them stand in memory."""

from datetime import date
from decimal import Decimal

from django.db import connection, transaction
import pyarrow.parquet as pq
import pytest

from aicost.files.parquet import write
from aicost.kernel.periods import Period
from attribution.reports import streamed
from attribution.reports.parquet import ROWS_A_GROUP
from attribution.reports.spec import Asker, BadSpec, NotAllowed, Spec
from tests.attribution import world

DAY = Period(date(2026, 9, 1), date(2026, 9, 2))


class Row(dict):
    alive, most = 0, 0

    def __init__(self, number: int) -> None:
        super().__init__(name=f"n{number}", currency="USD", cost=Decimal(number) / 1000)
        Row.alive += 1
        Row.most = max(Row.most, Row.alive)

    def __del__(self) -> None:
        Row.alive -= 1


def test_it_writes_a_file_of_any_length_batch_by_batch(tmp_path):
    count = 5 * ROWS_A_GROUP + 1
    rows = (Row(number) for number in range(count))
    done = write(tmp_path / "f", ("name", "currency", "cost"), rows, "currency", ("cost",), {})
    assert Row.most <= 2 * ROWS_A_GROUP
    assert done.rows == count
    assert done.sums == {"USD": {"cost": sum(range(count)) * Decimal("0.001")}}
    read = pq.ParquetFile(tmp_path / "f")
    assert (read.metadata.num_row_groups, read.metadata.num_rows) == (6, count)
    again = (Row(number) for number in range(count))
    same = write(tmp_path / "g", ("name", "currency", "cost"), again, "currency", ("cost",), {})
    assert same.sha256 == done.sha256, "the same rows are the same bytes"


@pytest.mark.django_db
@pytest.mark.parametrize("report", ["cost_daily", "focus_export"])
def test_it_takes_the_rows_of_a_report_from_a_cursor_of_the_server(report):
    world.build()
    with transaction.atomic():
        rows = streamed(Spec(report, DAY, Asker("admin")))
        first = next(rows)
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_cursors where name like '_django_curs%%'", [])
            assert cursor.fetchone() == (1,)
        assert 1 + len(list(rows)) > 5 and first


@pytest.mark.django_db
def test_a_stream_is_refused_like_its_report():
    far = Period(date(2026, 1, 1), date(2026, 9, 2))
    with pytest.raises(BadSpec, match="at most 31 days"):
        streamed(Spec("cost_daily", far, Asker("admin")))
    with pytest.raises(NotAllowed):
        streamed(Spec("focus_export", DAY, Asker("engineer", ("a",))))


@pytest.mark.django_db
def test_somebody_of_a_team_streams_rows_of_that_team_only():
    world.build()
    rows = list(streamed(Spec("cost_daily", DAY, Asker("engineer", ("a",)))))
    assert {row["team"] for row in rows} == {"a"}
    assert sum(row["effective_cost"] for row in rows) == Decimal(60)
