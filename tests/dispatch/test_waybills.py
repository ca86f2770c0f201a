import pytest

from spares.dispatch.waybills import check_waybill
from spares.errors import Invalid


@pytest.mark.parametrize(
    "waybill",
    ["", " ", "SF100", "sf 1500-230/1.2", "ＳＦ１００", "1" * 40, "SH123456789012", "CS123456789CN", "S1002"],
)
def test_what_may_stand_on_a_courier_label_passes(waybill: str) -> None:
    check_waybill(waybill, ["S1001"])


@pytest.mark.parametrize(
    ("waybill", "code"),
    [
        ("!!", "waybill_malformed"),
        ("SF1!0", "waybill_malformed"),
        ("SF 10", "waybill_malformed"),
        ("ABCDEF", "waybill_malformed"),
        ("1" * 41, "waybill_malformed"),
        ("运单10000", "waybill_malformed"),
        ("SH-000001", "waybill_own_number"),
        ("do9999999", "waybill_own_number"),
        ("RMA-000001", "waybill_own_number"),
        ("CS-000001", "waybill_own_number"),
        ("STK-000001", "waybill_own_number"),
        ("ｓ1001 ", "waybill_is_serial"),
    ],
)
def test_what_is_no_waybill_is_refused_at_its_field(waybill: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_waybill(waybill, ["T1", "s1001"])
    assert (refused.value.code, refused.value.field) == (code, "waybill")
