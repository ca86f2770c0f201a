"""The benchmark's slip, in ours and in plain platypus: the same words, so that the two can be compared."""

import pytest
from reportlab import rl_config

from bench import slips


def test_both_say_the_same_and_ours_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rl_config, "invariant", rl_config.invariant)
    mine, _plain = slips.both()
    assert len(mine) <= 25_000
    assert "SFP-10G-LR" in "".join(page.extract_text() for page in slips.pypdf.PdfReader(slips.io.BytesIO(mine)).pages)
