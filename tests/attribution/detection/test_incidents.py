"""One cause is told once: by its incident, and by the deepest level that explains it."""

from datetime import date

import pytest

from attribution.detectors.findings import Finding, settings_at
from attribution.detectors.incidents import at_least, grouped, merged
from attribution.detectors.spike import SpikeSettings

JULY = [date(2026, 7, day) for day in range(1, 32)]


def finding(series, day, excess, kind="spike"):
    onset = JULY[day - 1]
    return Finding(series, kind, onset, onset, onset, "first", 100.0, 100.0 + excess, 1.0, {})


def names(findings):
    return [one.series for one in findings]


PARENT = {"search/llm": "search", "search/small": "search", "search": "org", "ads": "org"}


def test_the_deepest_level_with_two_thirds_of_the_excess_is_kept():
    """Of 300 dollars more in the organisation 290 are search's, of those 250 of its large model."""
    found = [finding("org", 3, 300), finding("search", 3, 290), finding("search/llm", 4, 250)]
    assert names(merged(found, PARENT)) == ["search/llm"]


def test_a_parent_whose_children_share_its_excess_stands_for_them():
    found = [
        finding("search", 3, 300),
        finding("search/llm", 3, 150),
        finding("search/small", 3, 150),
    ]
    assert names(merged(found, PARENT)) == ["search"]


def test_what_begins_on_other_days_or_points_the_other_way_is_not_merged():
    found = [finding("org", 3, 300), finding("ads", 10, 290), finding("search", 3, -290)]
    assert names(merged(found, PARENT)) == ["org", "ads", "search"]


def meta(count, model):
    return {
        f"s{at}": {"team": f"t{at}", "model": model(at), "service": "", "feature": ""}
        for at in range(count)
    }


def test_three_series_of_a_model_within_two_days_are_an_incident():
    found = [finding("s0", 5, 50), finding("s1", 6, 60), finding("s2", 7, 70), finding("s9", 6, 9)]
    rows = meta(40, lambda at: "big" if at < 4 else f"m{at}")
    groups = [one.group for one in grouped(found, rows, 365)]
    assert groups == ["2026-07-05:model=big"] * 3 + ["2026-07-06:s9"]


def test_rises_and_drops_days_apart_and_common_chance_are_none():
    rows = meta(40, lambda at: "big" if at < 4 else f"m{at}")
    apart = [finding("s0", 5, 50), finding("s1", 6, 60), finding("s2", 9, 70)]
    mixed = [finding("s0", 5, 50), finding("s1", 6, 60), finding("s2", 6, -70)]
    for found in (apart, mixed):
        assert len({one.group for one in grouped(found, rows, 365)}) == 3
    # three of forty on the same days, where each has one every week, is what chance gives
    often = [finding(f"s{at}", 1 + at % 28, 10) for at in range(40)] * 4
    alike = meta(40, lambda at: "same")
    assert not any("model=" in one.group for one in grouped(often, alike, 31))


def test_the_binomial_tail_by_hand():
    """Three or more of four at one half: (4 + 1) / 16."""
    assert at_least(3, 4, 0.5) == 5 / 16
    assert at_least(0, 4, 0.5) == 1


def test_settings_know_three_sensitivities():
    low, medium, high = (settings_at(SpikeSettings, one) for one in ("low", "medium", "high"))
    assert low.z > medium.z > high.z
    with pytest.raises(ValueError, match="'some' is none of low, medium, high"):
        settings_at(SpikeSettings, "some")
