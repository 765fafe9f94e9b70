"""Revenue, outcomes, quality scores and the three maps."""

from datetime import UTC, date, datetime
from decimal import Decimal
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import maps
from ingest.models import Alias, Outcome, QualityScore, ResourceMap, Revenue, Usage, WorkloadMap
from ingest.sources.base import Unreadable
from ingest.sources.canonical import CANONICAL_READERS
from tests.ingest.resolved import resource_of, workload_of
from tests.ingest.rows import deliver

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 1)


def test_it_replaces_the_rows_of_a_business_file_by_its_next_version(tmp_path):
    head = "day,feature,customer,revenue,currency\n"
    deliver(
        tmp_path, "r.csv", head + "2026-09-01,search,,900,usd\n2026-09-01,assistant,,-1.5,EUR\n"
    )
    deliver(tmp_path, "r.csv", head + "2026-09-01,search,acme,901.000000000000000001,USD\n")
    assert list(
        Revenue.objects.values_list("day", "feature", "customer", "amount", "currency")
    ) == [(DAY, "search", "acme", Decimal("901.000000000000000001"), "USD")]


def test_it_takes_outcomes_and_quality_scores(tmp_path):
    deliver(tmp_path, "o.csv", "day,outcome,count,feature\n2026-09-01,orders,7,search\n")
    deliver(tmp_path, "q.csv", "day,model,measure,score\n2026-09-01,ranker,ndcg,0.8125\n")
    assert list(Outcome.objects.values_list("name", "count", "feature")) == [
        ("orders", 7, "search")
    ]
    assert list(QualityScore.objects.values_list("measure", "score")) == [
        ("ndcg", Decimal("0.8125"))
    ]


def test_it_reads_the_same_rows_from_csv_json_lines_and_parquet(tmp_path):
    row = {"time": "2026-09-01T10:00:00+02:00", "model": "m", "requests": 5, "gpu_seconds": 1.5}
    table = pa.table({key: [value] for key, value in row.items()})
    parquet = io.BytesIO()
    pq.write_table(table.set_column(0, "time", [[datetime(2026, 9, 1, 8, tzinfo=UTC)]]), parquet)
    usage = next(r for r in CANONICAL_READERS if r.name == "usage")
    files = {
        "a.csv": ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n",
        "a.jsonl": json.dumps(row) + "\n",
        "a.csv.gz": gzip.compress(
            b"\xef\xbb\xbftime,model,requests,gpu_seconds\r\n2026-09-01 08:00:00,m,5,1.5\r\n"
        ),
        "a.parquet": parquet.getvalue(),
    }
    for name, content in files.items():
        deliver(tmp_path, name, content, reader=usage)
    told = set(Usage.objects.values_list("time", "model", "requests", "gpu_ms"))
    assert told == {(datetime(2026, 9, 1, 8, tzinfo=UTC), "m", 5, 1500)}
    assert Usage.objects.count() == 4


def test_it_refuses_a_file_with_a_misspelt_column(tmp_path):
    with pytest.raises(Unreadable, match="no column 'feture'"):
        deliver(tmp_path, "u.csv", "time,requests,feture\n2026-09-01T10:00Z,1,search\n")
    deliver(tmp_path, "u.csv", "time,requests,x_note\n2026-09-01T10:00Z,1,search\n")


def test_it_adds_and_changes_map_rows_by_their_key(tmp_path):
    head = "cluster,node,resource_id,valid_from,valid_to\n"
    deliver(
        tmp_path, "m.csv", head + ",n1,i-1,,\n,n1,i-2,2026-09-01,\nc,n1,i-3,2026-01-01,2026-08-01\n"
    )
    deliver(tmp_path, "n.csv", head + ",n1,i-9,,\n")
    assert ResourceMap.objects.count() == 3
    assert resource_of("c", "n1", date(2026, 7, 31)) == "i-3"
    assert resource_of("c", "n1", date(2026, 8, 1)) == "i-9"
    assert resource_of("", "n1", DAY) == "i-2"
    assert resource_of("", "n2", DAY) is None


def test_it_takes_the_lowest_position_then_the_longest_pattern(tmp_path):
    head = "namespace,pattern,position,workload,activity\n"
    rows = ",rank-*,0,ranker,inference\n,rank-train-*,0,ranker-training,training\n"
    rows += "lab,*,0,lab,experiment\n,*,-1,,other\n"
    deliver(tmp_path, "w.csv", head + rows)
    assert workload_of("", "ml", "rank-0", DAY).activity == "other"
    WorkloadMap.objects.filter(position=-1).delete()
    assert workload_of("", "ml", "rank-train-1", DAY).workload == "ranker-training"
    assert workload_of("", "ml", "rank_0", DAY) is None
    assert workload_of("", "lab", "x", DAY).activity == "experimentation"


def test_it_resolves_aliases_on_their_days(tmp_path):
    rows = "dimension,raw,canonical,valid_from,valid_to\nmodel,gpt-x-0901,gpt-x,2026-09-01,\n"
    deliver(tmp_path, "a.csv", rows)
    assert maps.canonical("model", "gpt-x-0901", DAY) == "gpt-x"
    assert maps.canonical("model", "gpt-x-0901", date(2026, 8, 31)) == "gpt-x-0901"
    assert Alias.objects.count() == 1
