"""What may be typed: weights in every way people write them."""

import pytest

from spares.dispatch.forms import grams
from spares.dispatch.shipping import check_weight
from spares.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "weight"),
    [
        ("", None),
        ("   ", None),
        ("4.2", 4200),
        ("4,2", 4200),
        ("4,25", 4250),
        ("4", 4000),
        ("0.001", 1),
        ("12.345", 12345),
        ("４.２", 4200),
        ("４，２", 4200),
        ("4.2kg", 4200),
        ("4.2 KG", 4200),
        ("4.2 公斤", 4200),
        (" 5000 ", 5_000_000),
    ],
)
def test_a_weight_becomes_grams(typed: str, weight: int | None) -> None:
    assert grams(typed) == weight


@pytest.mark.parametrize("typed", ["1,200", "1.2345", "-1", "4 2", "abc", "1e3", "1.2.3", "9" * 21, "٣", ".5"])
def test_a_weight_that_could_mean_two_things_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        grams(typed)
    assert (refused.value.code, refused.value.field) == ("weight_malformed", "weight")


def test_a_weight_beyond_any_parcel_is_called_too_large_and_not_malformed() -> None:
    assert grams("99999999999") == 99_999_999_999_000
    with pytest.raises(Invalid) as refused:
        check_weight(grams("99999999999"))
    assert (refused.value.code, refused.value.field) == ("weight_out_of_range", "weight")
