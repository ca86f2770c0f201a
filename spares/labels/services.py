"""What people do with printers and labels: set a depot's printer and scanners, send labels, send again, withdraw."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from spares import outbox
from spares.accounts import audit
from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.labels import queries
from spares.labels.layout import Label
from spares.labels.models import RAW_PORT, LabelSettings
from spares.labels.scan_patterns import parse_patterns
from spares.labels.zpl import DOTS_PER_MM, zpl
from spares.outbox import Channel, MessageState

IN_ONE_MESSAGE = 25
"""So many labels go to the printer at once; what failed half-way is printed again from there, not from the start."""
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*")
_ENDS = 10
_PATTERNS = 4000


@dataclass(frozen=True, kw_only=True)
class LabelValues:
    """What an administrator says of a depot's printer (no host: there is none) and scanners."""

    printer_host: str = ""
    printer_port: int = RAW_PORT
    printer_dpi: int = 203
    scan_prefix: str = ""
    scan_suffix: str = ""
    patterns: str = ""


def checked(values: LabelValues) -> LabelValues:
    """The values as they are kept. Raises Invalid, naming the field."""
    host = values.printer_host.strip()
    if host and not _is_host(host):
        raise Invalid("printer_host_unusable", field="printer_host")
    if not 1 <= values.printer_port <= 65535:
        raise Invalid("number_out_of_range", field="printer_port", first=1, last=65535)
    if values.printer_dpi not in DOTS_PER_MM:
        raise Invalid("number_out_of_range", field="printer_dpi", first=min(DOTS_PER_MM), last=max(DOTS_PER_MM))
    for name in ("scan_prefix", "scan_suffix"):
        end = getattr(values, name)
        if len(end) > _ENDS:
            raise Invalid("text_too_long", field=name, limit=_ENDS)
        if not end.isprintable() or end != end.strip():
            raise Invalid("scan_end_unusable", field=name)
    if len(values.patterns) > _PATTERNS:
        raise Invalid("text_too_long", field="patterns", limit=_PATTERNS)
    patterns = parse_patterns(values.patterns)
    return LabelValues(**{**asdict(values), "printer_host": host, "patterns": "\n".join(p.source for p in patterns)})


def change_settings(depot_id: int, values: LabelValues, seen_version: int, *, actor: Actor, now: datetime) -> None:
    """Put a depot's printer and scanners in force. Raises NotFound, Invalid naming the field, and Conflict when somebody
    else changed them after version `seen_version`."""
    actor.must(Permission.SETTINGS_EDIT)
    depot = calendars.depot(depot_id)
    session.refresh(depot, with_for_update=True)
    row = queries.settings_of(depot.id)
    if row.version != seen_version:
        raise Conflict("stale_page")
    clean = checked(values)
    wanted = {("scan_patterns" if key == "patterns" else key): value for key, value in asdict(clean).items()}
    old = {key: getattr(row, key) for key, value in wanted.items() if getattr(row, key) != value}
    if not old:
        return
    for key in old:
        setattr(row, key, wanted[key])
    row.version += 1
    session.add(row)
    session.flush()
    changes = {key: [value, wanted[key]] for key, value in old.items()}
    audit.record("label_settings_changed", calendars.depot_subject(depot), changes, actor=actor, now=now)
    queries.forget_rules()


def send(labels: Sequence[Label], depot_id: int, *, title: str, copies: int = 1, actor: Actor, now: datetime) -> int:
    """Put labels into the outbox for the depot's printer; the worker sends them after the transaction. Returns how many
    messages they make. Raises Conflict where the depot has no printer."""
    actor.must(Permission.STOCK_MOVE)
    depot: Depot = calendars.depot(depot_id)
    row = printer_of(depot.id)
    every = [label for label in labels for _copy in range(copies)]
    parts = [every[at : at + IN_ONE_MESSAGE] for at in range(0, len(every), IN_ONE_MESSAGE)]
    for part in parts:
        names = part[0].name if len(part) == 1 else f"{part[0].name} … {part[-1].name} ({len(part)})"
        outbox.enqueue(
            recipient=f"{queries.RECIPIENT}{depot.id}",
            subject=f"{title} · {names}",
            body=zpl(part, row.printer_dpi),
            now=now,
            channel=Channel.PRINTER,
        )
    session.flush()
    return len(parts)


def printer_of(depot_id: int) -> LabelSettings:
    """The settings of a depot that has a printer. Raises Conflict for one that has none."""
    row = queries.settings_of(depot_id)
    if not row.printer_host:
        raise Conflict("label_printer_missing")
    return row


def send_again(message_id: int, *, actor: Actor, now: datetime) -> None:
    """Have labels printed (again) as soon as the worker comes to it, whatever became of them before."""
    actor.must(Permission.STOCK_MOVE)
    message = queries.job(message_id)
    if message.leased_until is not None and message.leased_until > now:
        raise Conflict("labels_being_sent")
    message.state, message.attempts, message.error = MessageState.WAITING, 0, ""
    message.send_after, message.leased_until = now, None
    session.flush()


def withdraw(message_id: int, *, actor: Actor, now: datetime) -> None:
    """Have labels not printed that still wait. Raises Conflict when they were sent, or are being sent."""
    actor.must(Permission.STOCK_MOVE)
    message = queries.job(message_id)
    if message.leased_until is not None and message.leased_until > now:
        raise Conflict("labels_being_sent")
    if message.state is not MessageState.WAITING:
        raise Conflict("labels_not_waiting")
    message.state = MessageState.WITHDRAWN
    session.flush()


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        # Digits and points alone would be an address of some kind: only whole ones are taken.
        return bool(_HOST.fullmatch(text)) and not text.replace(".", "").isdecimal()
    return True
