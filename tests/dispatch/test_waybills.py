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


@pytest.mark.parametrize("note", ["豫A12345", "客户王工自提", "!!"])
def test_who_fetches_or_carries_goods_himself_may_leave_a_note(note: str) -> None:
    check_waybill(note, ["S1001"], by_courier=False)
    with pytest.raises(Invalid, match="waybill_malformed"):
        check_waybill(note, ["S1001"])


@pytest.mark.parametrize(("waybill", "code"), [("SH-000001", "waybill_own_number"), ("S1001", "waybill_is_serial")])
def test_a_number_of_ours_is_nobodys_note(waybill: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        check_waybill(waybill, ["S1001"], by_courier=False)
