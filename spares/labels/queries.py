"""A depot's printer and scanners, and the labels that wait to be printed."""

import time
from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select

from spares import settings
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import NotFound
from spares.labels.models import LabelSettings
from spares.labels.scan_patterns import parse_patterns
from spares.labels.scan_reading import NO_RULES, Reading, ScanRules, read_scan
from spares.outbox import Channel, Message

_KEPT = "spares_scan_rules"
RECIPIENT = "depot:"
"""Before the depot's key: whose printer a message is for."""


def settings_of(depot_id: int) -> LabelSettings:
    """What the depot says, or what holds where it has said nothing."""
    return session.get(LabelSettings, depot_id) or LabelSettings(depot_id=depot_id)


def printers() -> Sequence[tuple[LabelSettings, Depot]]:
    """The depots that have a label printer; one statement."""
    query = select(LabelSettings, Depot).join(Depot, Depot.id == LabelSettings.depot_id)
    found = session.execute(query.where(LabelSettings.printer_host != "").order_by(Depot.id))
    return [(row[0], row[1]) for row in found]


def rules_of(row: LabelSettings) -> ScanRules:
    """What one depot's scanners add, and its templates."""
    prefixes, suffixes = ((end,) if end else () for end in (row.scan_prefix, row.scan_suffix))
    return ScanRules(tuple(prefixes), tuple(suffixes), parse_patterns(row.scan_patterns))


def scan_rules() -> ScanRules:
    """The rules of all depots, the first depot's first: whoever scans, scans one code of one of them. Read every few
    seconds, as settings are."""
    kept: dict[str, Any] = current_app.extensions.setdefault(_KEPT, {})
    moment = time.monotonic()
    if not kept or moment - kept["read"] > settings.CACHED_SECONDS:
        rules = NO_RULES
        for row in session.scalars(select(LabelSettings).order_by(LabelSettings.depot_id)):
            rules += rules_of(row)
        kept.update(read=moment, rules=rules)
    found: ScanRules = kept["rules"]
    return found


def forget_rules() -> None:
    """Read the rules anew on the next scan."""
    current_app.extensions.pop(_KEPT, None)


def read(text: str) -> Reading:
    """What a scanned or typed text says, by the rules in force."""
    return read_scan(text, scan_rules())


def jobs(*, page: int, size: int) -> tuple[list[tuple[Message, Depot | None]], bool]:
    """A page of what was sent to label printers, newest first, and whether there is more. Two statements."""
    query = select(Message).where(Message.channel == Channel.PRINTER).order_by(Message.id.desc())
    found = list(session.scalars(query.limit(size + 1).offset((page - 1) * size)))
    wanted = {depot_of(message) for message in found[:size]}
    depots = {depot.id: depot for depot in session.scalars(select(Depot).where(Depot.id.in_(wanted)))}
    return [(message, depots.get(depot_of(message))) for message in found[:size]], len(found) > size


def job(message_id: int) -> Message:
    """Locked. Raises NotFound for what is no message to a printer."""
    query = select(Message).where(Message.id == message_id, Message.channel == Channel.PRINTER)
    found = session.scalars(query.with_for_update()).first()
    if found is None:
        raise NotFound("not_found")
    return found


def depot_of(message: Message) -> int:
    """Whose printer the message is for."""
    return int(message.recipient.removeprefix(RECIPIENT))
