"""docs/attribution.md is true: each of its examples is built, attributed and compared, to the last
digit; and each method has one."""

from pathlib import Path

import pytest

from attribution.rules import RULES
from tests.attribution.page_examples import examples, run_example

PAGE = Path(__file__).resolve().parents[2] / "docs" / "attribution.md"
EXAMPLES = examples(PAGE)


@pytest.mark.django_db
@pytest.mark.parametrize("example", EXAMPLES, ids=[one.title for one in EXAMPLES])
def test_it_comes_out_as_the_page_says(example, home):
    run_example(example, home)


def test_it_has_an_example_of_every_method():
    text = PAGE.read_text(encoding="utf-8")
    assert [one.method_id for one in RULES if f"`{one.method_id}`" not in text] == []
    assert len(EXAMPLES) >= len(RULES)
