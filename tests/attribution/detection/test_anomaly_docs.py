"""docs/anomalies.md shows every setting of every detector as it is.

`python -m tests.attribution.detection.test_anomaly_docs` prints the tables."""

from pathlib import Path

from attribution.detectors import DETECTORS
from attribution.detectors.baseline import BaselineSettings
from attribution.detectors.findings import described
from attribution.detectors.hourly import HourlySettings
from attribution.detectors.memory import HourlyMemorySettings, MemorySettings
from attribution.forecast import ForecastSettings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "anomalies.md"
COMMON = {
    "Baseline, daily": BaselineSettings,
    "Baseline, hourly": HourlySettings,
    "Memory, daily": MemorySettings,
    "Memory, hourly": HourlyMemorySettings,
    "Forecast": ForecastSettings,
}


def table(kind: type) -> str:
    lines = ["| Setting | low | medium | high | |", "|---|---|---|---|---|"]
    for name, low, medium, high, text in described(kind):
        lines.append(f"| `{name}` | {low:g} | {medium:g} | {high:g} | {text} |")
    return "\n".join(lines)


def sections() -> list[str]:
    detectors = [f"**`{one.name}`**: {one.title}.\n\n{table(one.settings)}" for one in DETECTORS]
    return [*detectors, *(f"**{name}**\n\n{table(kind)}" for name, kind in COMMON.items())]


def test_the_page_has_every_setting_of_every_detector():
    page = PAGE.read_text("utf-8")
    assert [section for section in sections() if section not in page] == []


def test_every_setting_says_what_it_is():
    for kind in (*(one.settings for one in DETECTORS), *COMMON.values()):
        assert all(text for *_, text in described(kind)), kind


if __name__ == "__main__":
    print("\n\n".join(sections()))
