import pytest

from spares.files.downloads import content_disposition


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("overdue-2026-11-22.csv", 'attachment; filename="overdue-2026-11-22.csv"'),
        ("report 1.pdf", 'attachment; filename="report 1.pdf"'),
        (
            "逾期未返还 2026-11.xlsx",
            "attachment; filename=\"2026-11.xlsx\"; filename*=UTF-8''"
            "%E9%80%BE%E6%9C%9F%E6%9C%AA%E8%BF%94%E8%BF%98%202026-11.xlsx",
        ),
        ("发货单.pdf", "attachment; filename=\"download.pdf\"; filename*=UTF-8''%E5%8F%91%E8%B4%A7%E5%8D%95.pdf"),
        ("café.csv", "attachment; filename=\"cafe.csv\"; filename*=UTF-8''caf%C3%A9.csv"),
        ('a"b\\c;d.csv', "attachment; filename=\"a_b_c_d.csv\"; filename*=UTF-8''a%22b_c%3Bd.csv"),
        (
            "a\r\nSet-Cookie: x.csv",
            "attachment; filename=\"a__Set-Cookie_ x.csv\"; filename*=UTF-8''a__Set-Cookie%3A%20x.csv",
        ),
        ("../../etc/passwd", "attachment; filename=\"etc_passwd\"; filename*=UTF-8''.._.._etc_passwd"),
        ("invoice\u202efdp.exe", 'attachment; filename="invoice_fdp.exe"'),
        ("", 'attachment; filename="download"'),
        ("100%.csv", "attachment; filename=\"100.csv\"; filename*=UTF-8''100%25.csv"),
        ("x.备件", "attachment; filename=\"x\"; filename*=UTF-8''x.%E5%A4%87%E4%BB%B6"),
    ],
)
def test_a_name_survives_and_breaks_nothing(filename: str, header: str) -> None:
    assert content_disposition(filename) == header
    header.encode("ascii")
