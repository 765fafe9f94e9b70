"""Real traces of LLM requests, mapped to the canonical file by a small converter."""

import csv
import gzip
import io
import json

from django.core.management import call_command
from django.db.models import Sum
import pytest

from ingest.models import Usage, UsageDay
from tests.ingest.rows import deliver

pytestmark = [pytest.mark.django_db, pytest.mark.samples]


def canonical_usage(trace, model):
    """An Azure LLM trace (TIMESTAMP, ContextTokens, GeneratedTokens) as canonical usage."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["time", "id", "model", "input_tokens", "output_tokens"])
    with gzip.open(trace, "rt") as lines:
        for nth, row in enumerate(csv.DictReader(lines)):
            told = [row["TIMESTAMP"], f"{model}-{nth}", model]
            writer.writerow([*told, row["ContextTokens"], row["GeneratedTokens"]])
    return out.getvalue()


@pytest.mark.parametrize(
    ("trace", "requests", "input_tokens", "output_tokens", "requests_at_18"),
    [
        ("code", 8_819, 18_059_974, 245_896, 7_717),
        ("conv", 19_366, 22_361_870, 4_088_665, 15_606),
    ],
)
def test_it_loads_the_azure_traces_exactly(
    samples, tmp_path, trace, requests, input_tokens, output_tokens, requests_at_18
):
    usage = canonical_usage(samples / "usage" / f"AzureLLMInferenceTrace_{trace}.csv.gz", trace)
    counts = deliver(tmp_path, "trace.csv", usage)
    assert (counts.rows_loaded, counts.rows_quarantined) == (requests, 0)
    assert UsageDay.objects.aggregate(
        r=Sum("requests"), i=Sum("input_tokens"), o=Sum("output_tokens")
    ) == {
        "r": requests,
        "i": input_tokens,
        "o": output_tokens,
    }
    hours = Usage.objects.filter(hour__hour=18).aggregate(r=Sum("requests"))
    assert hours == {"r": requests_at_18}
    assert deliver(tmp_path, "again.csv", usage).changed_days == ()


def test_it_reports_the_azure_traces_exactly(samples, tmp_path, capsys):
    """Through the command that other programs call; without a bill the cost is unknown, not 0."""
    for trace in ("code", "conv"):
        path = samples / "usage" / f"AzureLLMInferenceTrace_{trace}.csv.gz"
        deliver(tmp_path, f"{trace}.csv", canonical_usage(path, trace))
    asked = ("--from", "2023-11-01", "--to", "2023-12-01", "--group-by", "model")
    call_command("report", "unit_cost", *asked, "--format", "json")
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    counts = ("requests", "input_tokens", "output_tokens", "tokens")
    assert {name: tuple(row[count] for count in counts) for name, row in rows.items()} == {
        "code": (8_819, 18_059_974, 245_896, 18_305_870),
        "conv": (19_366, 22_361_870, 4_088_665, 26_450_535),
    }
    assert {row["marginal_cost_per_inference"] for row in rows.values()} == {None}
    call_command("report", "unit_cost", *asked[:4], "--format", "json")
    (total,) = json.loads(capsys.readouterr().out)["rows"]
    assert (total["requests"], total["tokens"]) == (28_185, 44_756_405)
