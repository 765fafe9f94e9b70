"""Logs of nvidia-smi: units in headers, values that are none, and times without a zone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
import io

import pytest

from ingest.records import Rejected
from ingest.sources import nvidia_smi
from ingest.sources.base import Head, Unreadable

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
HEAD = (
    "timestamp, uuid, name, utilization.gpu [%], memory.used [MiB], memory.total [MiB],"
    " power.draw [W]\n"
)


def log(told, count=5, every=60, head=HEAD):
    lines = []
    for nth in range(count):
        at = NOON + timedelta(seconds=nth * every)
        lines.append(f"{at:%Y/%m/%d %T}.000, {told(nth) if callable(told) else told}\n")
    return head + "".join(lines)


def read(text, name="node-1.csv"):
    found = list(nvidia_smi.records(io.BytesIO(text.encode()), name))
    return [r for r in found if not isinstance(r, Rejected)], [
        (r.line, r.reason) for r in found if isinstance(r, Rejected)
    ]


def test_it_reads_values_with_their_units():
    [row], rejected = read(log("GPU-1, NVIDIA A100-SXM4-80GB, 40 %, 2000 MiB, 81920 MiB, 250.50 W"))
    assert rejected == []
    assert (row.t_start, row.device_uuid, row.node) == (NOON, "GPU-1", "node-1")
    assert (row.observed_ms, row.busy_ms, row.zero_ms) == (300_000, 120_000, 0)
    assert (row.fb_used_mib_max, row.fb_total_mib, row.energy_j) == (2000, 81920, Decimal(75150))
    assert (row.workload_key, row.flags) == ("", ("ambiguous_label",))


def test_it_reads_nounits_and_keeps_unsupported_values_unknown():
    [row], rejected = read(log("GPU-1, Tesla T4, [N/A], 2000, 15360, [Not Supported]"))
    assert rejected == []
    assert (row.busy_ms, row.zero_ms, row.observed_ms, row.energy_j) == (None, None, 300_000, None)


def test_it_rejects_what_no_gpu_can_say():
    bad = {
        1: "101 %, 5 MiB",
        2: "-1 %, 5 MiB",
        3: "5 %, 90000 MiB",
        4: "[GPU is lost], [GPU is lost]",
    }

    def told(nth):
        start = f"GPU-1, A100, {bad.get(nth, '5 %, 5 MiB')}"
        return f"{start}, [N/A], [N/A]" if nth == 4 else f"{start}, 81920 MiB, 90 W"

    _, rejected = read(log(told))
    assert [line for line, _ in rejected] == [3, 4, 5, 6]


def test_it_rejects_other_dates_and_the_future():
    text = HEAD + "09/01/2026 12:00:00, GPU-1, A100, 5 %, 5 MiB, 81920 MiB, 90 W\n"
    text += "2126/09/01 12:00:00.000, GPU-1, A100, 5 %, 5 MiB, 81920 MiB, 90 W\n"
    _, rejected = read(text)
    assert [line for line, _ in rejected] == [2, 3]


def test_it_refuses_a_log_without_header_and_says_the_cure():
    text = log("GPU-1, A100, 5 %, 5 MiB, 81920 MiB, 90 W", head="")
    assert nvidia_smi.identify(Head("x.csv", (), text.encode()))
    with pytest.raises(Unreadable, match="without noheader"):
        read(text)


def test_it_disbelieves_utilisation_under_mig():
    head = "timestamp, index, mig.mode.current, utilization.gpu [%], memory.used [MiB]\n"
    [row], _ = read(log("0, Enabled, 0 %, 2000 MiB", head=head))
    assert (row.device_uuid, row.zero_ms, row.observed_ms) == ("node-1/0", None, 300_000)


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("node-1.csv", "node-1"),
        ("logs/nvidia-smi_ip-10-0-0-1_2026-09-01.csv.gz", "ip-10-0-0-1"),
        ("nvidia_smi-gpu07.log", "gpu07"),
    ],
)
def test_it_takes_the_node_from_the_name_of_the_file(name, node):
    assert nvidia_smi.node_of(name) == node


def test_it_changes_nothing_when_lines_come_twice_or_shuffled():
    text = log(lambda nth: f"GPU-1, A100, {nth * 5} %, {nth} MiB, 81920 MiB, 90 W", count=15)
    head, *lines = text.splitlines(keepends=True)
    assert read(head + "".join(reversed(lines)) + lines[3]) == read(text)
