"""`manage.py detect`: from the files somebody has to a file of flags."""

import csv
from io import StringIO

from django.core.management import CommandError, call_command
import numpy as np
import pytest

from attribution.detectors.run import judge
from tests.attribution.detection.panels import panel_of, write_files
from tests.attribution.detection.series import company

START = np.datetime64("2025-03-03")  # a Monday


def detect(folder, text=None, **options):
    """Rows of the flags file and what the command said."""
    if text is not None:
        (folder / "series.csv").write_text(text, encoding="utf-8")
    out = StringIO()
    call_command(
        "detect", series=folder / "series.csv", out=folder / "flags.csv", stdout=out, **options
    )
    with (folder / "flags.csv").open(newline="") as lines:
        return list(csv.DictReader(lines)), out.getvalue()


def steady(days=80, spike_at=60, name="chat", level=100, spike=300):
    """A hundred dollars a day, a little less on weekends, and one day that costs three times it."""
    rows = []
    for n in range(days):
        cost = (level if n % 7 < 5 else level * 0.8) + n % 3
        rows.append((name, str(START + n), spike if n == spike_at else cost))
    return rows


def as_csv(rows, header="series_id,date,cost"):
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def flagged(rows):
    return [(row["series_id"], row["date"]) for row in rows if row["is_anomaly"] == "1"]


def test_it_writes_what_the_detectors_found_for_each_row(tmp_path):
    world = company(160, 40)
    series, meta, known = write_files(world, tmp_path)
    rows, said = detect(tmp_path, meta=meta, known=known)
    with series.open(newline="") as lines:
        asked = [(row["series_id"], row["date"]) for row in csv.DictReader(lines)]
    assert [(row["series_id"], row["date"]) for row in rows] == asked
    assert list(rows[0]) == [
        "series_id", "date", "is_anomaly", "score", "expected", "group_id", "raised_on",
    ]  # fmt: skip
    judged = judge(panel_of(world), processes=1)
    days = {str(day): column for column, day in enumerate(world.days)}
    for row in rows:
        at, day = world.series.index(row["series_id"]), days[row["date"]]
        assert (row["is_anomaly"] == "1") == (judged.number[at, day] > 0)
        if row["is_anomaly"] == "1":
            assert days[row["raised_on"]] == judged.raised[at, day] >= day
            assert row["group_id"] and float(row["score"]) >= 1
        else:
            assert row["group_id"] == row["raised_on"] == ""
    assert "40 series, 400 periods" in said


def test_a_plain_file_needs_only_three_columns(tmp_path):
    rows, said = detect(tmp_path, as_csv(steady()))
    assert flagged(rows) == [("chat", "2025-05-02")]
    [row] = [row for row in rows if row["is_anomaly"] == "1"]
    assert row["raised_on"] == "2025-05-02"
    assert 98 < float(row["expected"]) < 104
    assert "every cost is taken as final" in said
    assert "cost per unit is not judged" in said


def test_not_enough_data_is_an_answer(tmp_path):
    """Forty days are enough for a spike, not for a shift (45) or a drift (70)."""
    _, said = detect(tmp_path, as_csv(steady(days=40)))
    assert "not enough data for shift in 1 series: 45 are needed" in said
    assert "not enough data for drift in 1 series: 70 are needed" in said
    assert "not enough data for spike" not in said
    _, said = detect(tmp_path, as_csv(steady(days=3)))
    assert "not enough data for spike in 1 series: 24 are needed" in said
    assert "anomalies: none" in said


def test_order_gaps_blanks_and_spelling_of_the_file_do_not_matter(tmp_path):
    rows = [row for n, row in enumerate(steady()) if n not in (20, 33, 34)]
    rows = [(name, day, "" if n == 40 else cost) for n, (name, day, cost) in enumerate(rows)]
    rng = np.random.default_rng(3)
    text = as_csv([rows[n] for n in rng.permutation(len(rows))], "\ufeffSeries_ID; Date ;COST")
    answer, _ = detect(tmp_path, text.replace(",", ";"))
    assert flagged(answer) == [("chat", "2025-05-02")]
    assert len(answer) == 77


def test_a_late_bill_is_no_drop_and_a_spike_that_comes_in_late_is_still_told(tmp_path):
    """Half of every bill is there at first. The spike is only seen with its second value."""
    lines = []
    for n, (name, day, cost) in enumerate(steady()):
        first = 0.5 * (100 if n == 60 else cost)
        lines.append((name, day, cost, first, 0.9 * cost, cost))
    rows, _ = detect(tmp_path, as_csv(lines, "series_id,date,cost,cost_d1,cost_d2,cost_d3"))
    assert flagged(rows) == [("chat", "2025-05-02")]
    assert [row["raised_on"] for row in rows if row["raised_on"]] == ["2025-05-03"]


def test_what_was_announced_is_not_told(tmp_path):
    known = tmp_path / "known.csv"
    known.write_text("series_id,date,end,what\nchat,2025-05-01,2025-05-02,load test\n")
    rows, _ = detect(tmp_path, as_csv(steady()), known=known)
    assert flagged(rows) == []
    known.write_text("start\n2025-05-02\n")
    rows, _ = detect(tmp_path, as_csv(steady()), known=known)
    assert flagged(rows) == []


def test_one_cause_is_one_incident(tmp_path):
    """Of twenty series the five of one model jump on one day, and another one a month later."""
    rows, meta = [], ["series_id,team,model,service,feature"]
    for at in range(20):
        name = f"s{at:02d}"
        rows += steady(120, {19: 100}.get(at, 60 if at < 5 else -1), name)
        meta.append(f"{name},team-{at % 4},{'big' if at < 5 else 'small'},api,f{at}")
    (tmp_path / "meta.csv").write_text("\n".join(meta) + "\n")
    answer, said = detect(tmp_path, as_csv(rows), meta=tmp_path / "meta.csv")
    groups = {row["series_id"]: row["group_id"] for row in answer if row["is_anomaly"] == "1"}
    assert groups == {
        **{f"s{at:02d}": "2025-05-02:model=big" for at in range(5)},
        "s19": "2025-06-11:s19",
    }
    assert "in 2 incidents" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: no column series_id, date, cost; found nothing"),
        ("series_id,day,cost\na,2025-01-01,1\n", "line 1: no column date; found series_id, day"),
        ("series_id,date,cost\n", "no rows below the header"),
        ("series_id,date,cost\na,2025-01-01,1\na,2025-01-02,12x\n", "line 3: cost is '12x'"),
        ("series_id,date,cost\na,2025-01-01,1\na,2025-01-02,inf\n", "line 3: cost is without end"),
        (
            "series_id,date,cost\na,2025-01-01,1\na,01/02/2025,2\n",
            "line 3: '01/02/2025' is no date",
        ),
        ("series_id,date,cost\na,2025-01-01,1,9\n", "line 2: 4 fields, the header has 3"),
        ("series_id,date,cost\n,2025-01-01,1\n", "line 2: no series_id"),
        ("series_id,date,cost\na,,1\n", "line 2: no date"),
        (
            "series_id,date,cost\na,2025-01-01,1\nb,2025-01-01,1\na,2025-01-01,2\n",
            "line 4: a second row of 'a' for 2025-01-01",
        ),
        ("series_id,date,cost\na,0025-01-01,1\na,2025-01-01,1\n", "dates reach from 0025-01-01"),
    ],
)
def test_it_refuses_what_it_cannot_read_by_line_and_cure(tmp_path, text, says):
    with pytest.raises(CommandError, match="series.csv") as caught:
        detect(tmp_path, text)
    assert says in str(caught.value)
    assert not (tmp_path / "flags.csv").exists()


def test_it_names_a_country_nobody_knows_and_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="no holidays are known for 'XX'"):
        detect(tmp_path, as_csv(steady()), country="XX")
    with pytest.raises(CommandError, match="none.csv"):
        detect(tmp_path, as_csv(steady()), known=tmp_path / "none.csv")
    (tmp_path / "known.csv").write_text("series_id,start\nchat,soon\n")
    with pytest.raises(CommandError, match="line 2: 'soon' is no date"):
        detect(tmp_path, as_csv(steady()), known=tmp_path / "known.csv")


def by_hour(ends: str, days=30, burst=range(598, 602)):
    """Ten dollars an hour in the day, five at night; four hours that cost fivefold."""
    start = np.datetime64("2025-03-03T00")
    for n in range(24 * days):
        cost = (10 if 7 <= n % 24 < 20 else 5) + n % 3 * 0.1
        yield "chat", f"{start + n}:00:00{ends}", cost * (5 if n in burst else 1)


@pytest.mark.parametrize("ends", ["", "Z", "+00:00"])
def test_hours_are_told_by_their_dates(tmp_path, ends):
    rows, said = detect(tmp_path, as_csv(by_hour(ends)))
    assert [date for _, date in flagged(rows)] == [
        f"2025-03-{day}:00:00{ends}" for day in ("27T22", "27T23", "28T00", "28T01")
    ]
    told = {row["raised_on"] for row in rows if row["is_anomaly"] == "1"}
    assert min(told) == f"2025-03-27T22:00:00{ends}"
    assert "720 periods" in said


def test_hours_are_not_days(tmp_path):
    with pytest.raises(CommandError, match="a second row of 'chat' for 2025-03-03T01:00:00Z"):
        detect(tmp_path, as_csv(by_hour("Z")), freq="d")
