"""What a depot says of its label printer and its scanners."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id

RAW_PORT = 9100
"""The port on which most network printers take what they print."""


class LabelSettings(Base):
    """One row a depot; a depot without one has no printer. `scan_patterns` are templates, one a line, as typed."""

    __tablename__ = "label_settings"
    depot_id: Mapped[int] = mapped_column(Id, ForeignKey("depot.id"), primary_key=True, autoincrement=False)
    printer_host: Mapped[str] = mapped_column(String(253), default="")
    printer_port: Mapped[int] = mapped_column(default=RAW_PORT)
    printer_dpi: Mapped[int] = mapped_column(default=203)
    scan_prefix: Mapped[str] = mapped_column(String(10), default="")
    scan_suffix: Mapped[str] = mapped_column(String(10), default="")
    scan_patterns: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)
