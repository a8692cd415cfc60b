"""What is no origin is refused in the header, and never reaches a stage's record."""

import pytest

from streams.codec import Record, origin_of
from streams.state.protocols import Origin


@pytest.mark.parametrize(
    "text",
    ["", "-", "1", "1-", "-1", "a-1", "1-2-3", "1--2", "-1-2", " 1-2", "1-2 ", "01-2", "1-1_0", "1-٣", "1-" + "9" * 40],
)
@pytest.mark.parametrize("suffix", ["", "0" * 40])
def test_anything_else_is_refused(text: str, suffix: str) -> None:
    with pytest.raises(ValueError, match=r"origin|invalid literal"):
        Origin.parse(text + suffix)
    headers = (("ce_origin", (text + suffix).encode()),)
    assert origin_of(Record("topic", 3, 7, None, None, headers)) == Origin(3, 7)
