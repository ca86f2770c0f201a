"""Messages reach a real SMTP peer, are tried again when it refuses, and are given up in the end."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import select

from spares import outbox, outbox_delivery
from spares.db import session, transaction
from spares.outbox import Message, MessageState
from spares.outbox_delivery import ATTEMPTS, deliver, lease_next
from tests.conftest import NOON


class Peer:
    """A mail server that keeps what it is given and answers as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []
        self.answer = "250 OK"
        self.url = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, (envelope.content or b"").decode()))  # type: ignore[union-attr]
        return self.answer


@pytest.fixture
def peer() -> Iterator[Peer]:
    handler = Peer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{port}"
    yield handler
    controller.stop()


def write(recipient: str = "zhang@example.cn", subject: str = "无库存：RMA-000001", body: str = "请处理。") -> int:
    with transaction():
        outbox.enqueue(recipient=recipient, subject=subject, body=body, now=NOON)
    return session.scalars(select(Message.id).order_by(Message.id.desc())).first() or 0


def send(peer: Peer, minutes: float = 0) -> bool | None:
    moment = NOON + timedelta(minutes=minutes)
    message_id = lease_next(moment)
    if message_id is None:
        return None
    return deliver(message_id, smtp_url=peer.url, mail_from="spares@depot.example", now=moment)


def state(message_id: int) -> tuple[MessageState, int]:
    session.rollback()
    message = session.get_one(Message, message_id, populate_existing=True)
    return message.state, message.attempts


def test_a_message_is_delivered_once(context: Flask, peer: Peer) -> None:
    message_id = write()
    assert send(peer) is True
    assert send(peer) is None
    assert state(message_id) == (MessageState.SENT, 1)
    ((recipients, text),) = peer.mails
    assert recipients == ["zhang@example.cn"]
    assert f"Message-ID: <outbox-{message_id}@depot.example>" in text
    assert "Subject: =?utf-8?" in text


def test_a_refusal_is_tried_again_with_growing_pauses_and_given_up(context: Flask, peer: Peer) -> None:
    message_id = write()
    peer.answer = "451 try later"
    minutes = 0.0
    for attempt in range(1, ATTEMPTS + 1):
        assert send(peer, minutes) is False
        assert state(message_id) == (MessageState.FAILED if attempt == ATTEMPTS else MessageState.WAITING, attempt)
        assert send(peer, minutes + 2**attempt - 0.1) is None
        minutes += 2**attempt
    assert "451" in session.get_one(Message, message_id).error
    peer.answer = "250 OK"
    assert send(peer, minutes + 10_000) is None
    assert peer.mails == []


def test_a_refusal_that_passes_is_delivered(context: Flask, peer: Peer) -> None:
    message_id = write()
    peer.answer = "550 no"
    assert send(peer) is False
    peer.answer = "250 OK"
    assert send(peer, 1.9) is None
    assert send(peer, 2) is True
    assert state(message_id) == (MessageState.SENT, 2)
    assert session.get_one(Message, message_id).error == ""


def test_a_server_that_is_away_is_a_refusal(context: Flask, peer: Peer) -> None:
    message_id = write()
    assert lease_next(NOON) == message_id
    assert not deliver(message_id, smtp_url="smtp://127.0.0.1:1", mail_from="a@b.cn", now=NOON)
    assert state(message_id) == (MessageState.WAITING, 1)
    assert "ConnectionRefusedError" in session.get_one(Message, message_id).error


def test_a_crash_between_sending_and_recording_sends_again(
    context: Flask, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = write()
    real = outbox_delivery._send

    def crash(url: str, mail: object) -> None:
        real(url, mail)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox_delivery, "_send", crash)
    with pytest.raises(KeyboardInterrupt):
        send(peer)
    monkeypatch.undo()
    assert send(peer, 4) is None, "the lease of five minutes holds"
    assert send(peer, 6) is True
    assert state(message_id) == (MessageState.SENT, 2)
    assert [recipients for recipients, _ in peer.mails] == [["zhang@example.cn"]] * 2


def test_a_message_that_kills_its_worker_is_given_up(context: Flask, peer: Peer) -> None:
    message_id = write()
    for attempt in range(ATTEMPTS):
        assert lease_next(NOON + timedelta(minutes=6 * attempt)) == message_id
    assert lease_next(NOON + timedelta(hours=2)) is None
    assert state(message_id) == (MessageState.FAILED, ATTEMPTS)


@pytest.mark.parametrize(
    "recipient",
    ["a@b.cn\r\nBcc: x@y.cn", "a@b.cn, x@y.cn", "a@b.cn\nSubject: x", "nobody", "<a@b.cn>", "张@b.cn", "a@b\x01.cn"],
)
def test_an_address_adds_no_header_and_no_recipient(context: Flask, peer: Peer, recipient: str) -> None:
    message_id = write(recipient=recipient)
    assert send(peer) is False
    assert state(message_id) == (MessageState.FAILED, 1)
    assert peer.mails == []


def test_a_subject_adds_no_header(context: Flask, peer: Peer) -> None:
    write(subject="hello\r\nBcc: x@y.cn\r\n\r\nbody", body="line\r\nBcc: z@y.cn")
    assert send(peer) is True
    ((recipients, text),) = peer.mails
    assert recipients == ["zhang@example.cn"]
    head = text.split("\r\n\r\n")[0]
    assert "Bcc:" not in [line[:4] for line in head.splitlines()]
    assert "Subject: hello Bcc: x@y.cn body" in head


def test_a_password_is_not_sent_in_the_clear(context: Flask, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    message_id = write()
    monkeypatch.setattr(outbox_delivery, "_is_here", lambda _host: False)
    assert lease_next(NOON) == message_id
    url = peer.url.replace("//", "//me:secret@")
    assert not deliver(message_id, smtp_url=url, mail_from="a@b.cn", now=NOON)
    error = session.get_one(Message, message_id).error
    assert "no encryption" in error
    assert "secret" not in error
    assert peer.mails == []
