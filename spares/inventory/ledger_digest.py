"""What the digest of a move covers (pure): the row, its posting and the digest of the move before it in its chain. A chain
is a unit's life, or all moves of a counted part. Changing how it is counted makes every kept digest wrong."""

import hashlib
import json
from typing import Any


def posting_content(posting: dict[str, Any]) -> str:
    """What of a posting the digests of its moves cover, in one canonical line."""
    return _canonical(
        [
            posting["id"],
            str(posting["kind"].value),
            posting["request_key"],
            posting["occurred_at"].timestamp(),
            posting["recorded_at"].timestamp(),
            posting["actor_id"],
            posting["reason"],
            posting["reference"],
            posting["case_id"],
            posting["reverses_id"],
        ]
    )


def digest_of(move: dict[str, Any], covered: str, previous_digest: str) -> str:
    """The digest of a move: over the row, its posting and the digest of the move before it."""
    content = [
        move["posting_id"],
        move["part_id"],
        move["unit_id"],
        move["quantity"],
        move["from_location_id"],
        move["from_condition"].value,
        move["to_location_id"],
        move["to_condition"].value,
        move["previous_id"],
    ]
    return hashlib.sha256(f"{previous_digest}|{covered}|{_canonical(content)}".encode()).hexdigest()


def _canonical(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
