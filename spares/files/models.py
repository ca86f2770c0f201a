"""Uploaded files live in the database, so that a record and its proof are committed, backed up and restored together."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id


class StoredFile(Base):
    """One upload, whole and unchanged. `content_type` was decided from the content, not from what the browser said."""

    __tablename__ = "stored_file"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, repr=False)
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
