"""The parts list that imports are tried with: an invented one of the real one's shape, which is always there, and the real
one, which is not part of the repository."""

from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "network_parts.csv"
MAKERS = ("Northwind", "蓝桥", "Acme Networks", "Ostrava", "Delta & Söhne", "海风")
ROWS, WITHOUT_NUMBER, REPEATS = 3769, 459, 17


def invented() -> bytes:
    """3,769 rows: 459 without a part number, and 17 that say again what stands four lines above."""
    lines = ["manufacturer,model,part_number,kind,u_height,weight,weight_unit"]
    for row in range(1, ROWS + 1):
        says = row - 4 if row % 200 == 0 and row <= 200 * REPEATS else row
        number = "" if row % 8 == 5 and row < 8 * WITHOUT_NUMBER else f"NW{says:05}-{says % 7}"
        maker = MAKERS[says // 100 % len(MAKERS)]
        weight = (f"{row % 9 + 1}.5", "kg") if row % 3 else ("", "")
        lines.append(f'{maker},"Switch {says}, {row % 48} port",{number},device,{row % 4 + 1},{",".join(weight)}')
    return "\n".join([*lines, ""]).encode()


def real() -> bytes:
    """The real list."""
    return REAL.read_bytes()


LISTS = [
    pytest.param(invented, id="invented"),
    pytest.param(
        real, id="real", marks=pytest.mark.skipif(not REAL.is_file(), reason=f"the real parts list is not here: {REAL}")
    ),
]
