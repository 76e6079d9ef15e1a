"""docs/reading_the_briefs.md quotes the first screens of three briefs: word for word what the pages say."""

import re

import pytest

from analysis import params
from analysis.brief import monthly, scorecard

QUOTED = re.findall(r"^> (\S.*)$", (params.ROOT / "docs" / "reading_the_briefs.md").read_text(encoding="utf-8"), re.M)


@pytest.fixture
def numbers(demo_numbers):
    return demo_numbers


@pytest.mark.parametrize(("place", "first"), [("statewide", 0), ("site-03", 2), ("site-15", 4)])
def test_the_page_on_reading_quotes_what_the_brief_says(numbers, place, first):
    said = monthly.takeaways(numbers) if place == "statewide" else scorecard.takeaways(numbers, place)
    assert list(said) == QUOTED[first : first + 2]
