"""Sending what is in the outbox: lease, send outside any transaction, record the outcome.

A crash between sending and recording sends a message twice, never not at all; its Message-ID stays the same, so that the
reader's mail program may show it once. Nothing is sent while no mail server is set (SPARES_SMTP_URL); the messages wait."""

import ipaddress
import smtplib
import ssl
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import or_, select

from spares.db import session, transaction
from spares.outbox import Channel, Message, MessageState

log = structlog.get_logger("spares.outbox")
LEASE = timedelta(minutes=5)
ATTEMPTS = 8
TIMEOUT_SECONDS = 20


def lease_next(now: datetime, channel: Channel = Channel.EMAIL) -> int | None:
    """Take the next message of the channel that is due, so that no other worker sends it meanwhile; its key, or None.

    A message whose every attempt ended with the worker's death is given up in place of being taken once more."""
    query = (
        select(Message)
        .where(
            Message.state == MessageState.WAITING,
            Message.channel == channel,
            Message.send_after <= now,
            or_(Message.leased_until.is_(None), Message.leased_until < now),
        )
        .order_by(Message.send_after, Message.id)
        .limit(1)
    )
    if session.scalars(query).first() is None:
        session.rollback()
        return None
    with transaction():
        message = session.scalars(query.with_for_update(skip_locked=True)).first()
        if message is None:
            return None
        if message.attempts >= ATTEMPTS:
            message.state, message.error = MessageState.FAILED, message.error or "the worker ended while sending"
            return None
        message.leased_until = now + LEASE
        message.attempts += 1
        return message.id


def deliver(message_id: int, *, smtp_url: str, mail_from: str, now: datetime) -> bool:
    """Send a leased message; whether it went. A refusal is tried again later, with growing pauses, and given up after
    the last attempt, with the reason kept; a message that can never be sent (no address) is given up at once."""
    message = session.get_one(Message, message_id)
    hopeless = False
    try:
        mail = _mail(message, mail_from)
    except (ValueError, IndexError, MessageError) as error:
        problem: str | None = f"{type(error).__name__}: {error}"
        hopeless = True
        session.rollback()
    else:
        session.rollback()
        problem = _send(smtp_url, mail)
    settle(message_id, problem, hopeless=hopeless, first_pause=timedelta(minutes=2), now=now)
    return problem is None


def settle(message_id: int, problem: str | None, *, hopeless: bool, first_pause: timedelta, now: datetime) -> None:
    """Record how sending a leased message went, in a transaction of its own: sent, to be tried again after a pause that
    doubles every time, or given up after the last attempt (at once when `hopeless`)."""
    with transaction():
        message = session.get_one(Message, message_id, with_for_update=True)
        if message.state is not MessageState.WAITING:
            return
        message.leased_until = None
        if problem is None:
            message.state, message.sent_at, message.error = MessageState.SENT, now, ""
        else:
            message.error = problem.replace("\0", " ")[:500]
            message.send_after = now + first_pause * 2 ** (message.attempts - 1)
            if hopeless or message.attempts >= ATTEMPTS:
                message.state = MessageState.FAILED
            log.warning("not_sent", message=message_id, attempt=message.attempts, problem=problem)


def _mail(message: Message, mail_from: str) -> EmailMessage:
    """The message as mail to its one recipient. Raises when the address is none, or would add a header or a recipient."""
    mail = EmailMessage()
    mail["From"], mail["To"] = mail_from, Address(addr_spec=message.recipient)
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<outbox-{message.id}@{mail_from.rpartition('@')[2] or 'localhost'}>"
    mail.set_content(message.body)
    return mail


def _send(smtp_url: str, mail: EmailMessage) -> str | None:
    """What went wrong, or None. `smtps://user:password@host:465` or `smtp://host:25` (with STARTTLS when offered). The
    server's certificate is checked, and a password is sent in the clear to this machine only."""
    parts = urlsplit(smtp_url)
    host = parts.hostname or "localhost"
    encrypted = parts.scheme == "smtps"
    try:
        if encrypted:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
        with server:
            server.ehlo()
            if not encrypted and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                encrypted = True
            if parts.username:
                if not (encrypted or _is_here(host)):
                    return "the mail server offers no encryption, so the password was not sent"
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
