"""Messages to send, written in the business transaction and sent after it by the worker.

A message is there exactly when what it tells of has happened. The worker leases a message, sends it outside any
transaction, and records the outcome; after a crash the lease runs out and it is sent again (at least once)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id, session, text_enum


class MessageState(StrEnum):
    """Failed means given up after the last try; the record keeps the reason. Withdrawn: a person wanted it no more."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """How a message leaves: as mail to an address, or as labels to the printer of `depot:<id>`."""

    EMAIL = "email"
    PRINTER = "printer"


class Message(Base):
    """One e-mail to one recipient, or labels for one printer. `leased_until` is when another worker may take over."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index(None, "state", "send_after"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    recipient: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    send_after: Mapped[datetime]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("service_case.id"), default=None)
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState), default=MessageState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(String(500), default="")
    channel: Mapped[Channel] = mapped_column(text_enum(Channel), default=Channel.EMAIL)


def enqueue(
    *,
    recipient: str,
    subject: str,
    body: str,
    now: datetime,
    case_id: int | None = None,
    channel: Channel = Channel.EMAIL,
) -> None:
    """Add a message to what this transaction does. Line breaks in the subject are folded to spaces (header injection)."""
    if not recipient:
        return
    subject = " ".join(subject.split())[:200]
    session.add(
        Message(
            recipient=recipient,
            subject=subject,
            body=body,
            created_at=now,
            send_after=now,
            case_id=case_id,
            channel=channel,
        )
    )


def waiting() -> int:
    """How many messages wait to be sent."""
    return session.scalar(select(func.count()).where(Message.state == MessageState.WAITING)) or 0
