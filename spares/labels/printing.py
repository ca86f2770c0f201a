"""Sending labels to a depot's printer: raw ZPL over TCP, to the host and port of the depot's settings and to nothing else.

The name is looked up once and the address that was checked is the one connected to. A printer that is off, out of labels
with its buffer full, or too slow is tried again after a quarter of a minute, then half a minute, and so on for about half an
hour; the list of labels says why. A crash between sending and recording prints labels twice, never not at all."""

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address

from spares.db import session
from spares.labels import queries
from spares.outbox import Channel, Message
from spares.outbox_delivery import lease_next, settle

TIMEOUT_SECONDS = 10.0
FIRST_PAUSE = timedelta(seconds=15)
Networks = Sequence[IPv4Network | IPv6Network]


def print_next(networks: Networks, now: datetime) -> bool:
    """Send the next labels that are due; whether there were any. What went wrong is kept with them."""
    message_id = lease_next(now, Channel.PRINTER)
    if message_id is None:
        return False
    message = session.get_one(Message, message_id)
    row, data = queries.settings_of(queries.depot_of(message)), message.body.encode("ascii")
    host, port = row.printer_host, row.printer_port
    session.rollback()
    problem = send_bytes(host, port, data, networks) if host else "no_printer"
    settle(message_id, problem, hopeless=False, first_pause=FIRST_PAUSE, now=now)
    return True


def send_bytes(host: str, port: int, data: bytes, networks: Networks) -> str | None:
    """What went wrong, or None: a word that `words.PROBLEMS` knows, and what the system said."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return f"unknown_host: {error}"
    addresses = [str(entry[4][0]) for entry in found]
    allowed = [address for address in addresses if _is_allowed(address, networks)]
    if not allowed:
        return f"not_allowed: {', '.join(dict.fromkeys(addresses))}"
    try:
        with socket.create_connection((allowed[0], port), timeout=TIMEOUT_SECONDS) as peer:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
    except TimeoutError as error:
        return f"timed_out: {error}"
    except OSError as error:
        return f"unreachable: {error}"
    return None


def _is_allowed(address: str, networks: Networks) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in networks)
