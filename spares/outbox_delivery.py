"""Sending what is in the outbox: lease, send outside any transaction, record the outcome.

A crash between sending and recording sends a message twice, never not at all. Nothing is sent while no mail server is
set (SPARES_SMTP_URL); the messages wait."""

import smtplib
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import or_, select

from spares.db import session, transaction
from spares.outbox import Message, MessageState

log = structlog.get_logger("spares.outbox")
LEASE = timedelta(minutes=5)
ATTEMPTS = 8
TIMEOUT_SECONDS = 20


def lease_next(now: datetime) -> int | None:
    """Take the next message that is due, so that no other worker sends it meanwhile; its key, or None."""
    with transaction():
        message = session.scalars(
            select(Message)
            .where(
                Message.state == MessageState.WAITING,
                Message.send_after <= now,
                or_(Message.leased_until.is_(None), Message.leased_until < now),
            )
            .order_by(Message.send_after, Message.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if message is None:
            return None
        message.leased_until = now + LEASE
        message.attempts += 1
        return message.id


def deliver(message_id: int, *, smtp_url: str, mail_from: str, now: datetime) -> bool:
    """Send a leased message; whether it went. A refusal is tried again later, with growing pauses, and given up after
    the last attempt, with the reason kept."""
    message = session.get_one(Message, message_id)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = mail_from, message.recipient, message.subject
    mail["Message-ID"] = f"<outbox-{message.id}@{mail_from.rpartition('@')[2] or 'localhost'}>"
    mail.set_content(message.body)
    session.rollback()
    problem = _send(smtp_url, mail)
    with transaction():
        message = session.get_one(Message, message_id)
        message.leased_until = None
        if problem is None:
            message.state, message.sent_at, message.error = MessageState.SENT, now, ""
        else:
            message.error = problem[:500]
            message.send_after = now + timedelta(minutes=2**message.attempts)
            if message.attempts >= ATTEMPTS:
                message.state = MessageState.FAILED
            log.warning("not_sent", message=message_id, attempt=message.attempts, problem=problem)
    return problem is None


def _send(smtp_url: str, mail: EmailMessage) -> str | None:
    """What went wrong, or None. `smtps://user:password@host:465` or `smtp://host:25` (with STARTTLS when offered)."""
    parts = urlsplit(smtp_url)
    host, port = parts.hostname or "localhost", parts.port
    try:
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_SECONDS)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT_SECONDS)
        with server:
            if parts.scheme != "smtps":
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None
