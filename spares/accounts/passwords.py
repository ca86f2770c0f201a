"""Which passwords are taken, and how they are kept: any 8 to 256 characters that are not easily guessed, as argon2id.

No composition rule and no forced change. Guessable are the common ones, with the usual decorations taken off; runs on a
keyboard, repeats and dates; and what is made of the person's, the organisation's or the product's own names."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from spares.errors import Invalid

LEAST, MOST = 8, 256
_hasher = PasswordHash((Argon2Hasher(),))
_LIST = Path(__file__).with_name("common_passwords.txt")
_PLAIN = str.maketrans("0134578@$!|", "oieastbasil")
_RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()_+",
)
_DATE = re.compile(r"(19|20)\d{2}[-./]?(0[1-9]|1[0-2])[-./]?(0[1-9]|[12]\d|3[01])")
_LONGEST_DECORATION = 6


def normal(password: str) -> str:
    """The one spelling of a password: two keyboards may compose an accented letter differently."""
    return unicodedata.normalize("NFC", password)


def check(password: str, *, names: Iterable[str], field: str = "password") -> None:
    """Raises Invalid for a password that is too short, too long or easily guessed. `names` are the person's and the
    house's own."""
    password = normal(password)
    if len(password) < LEAST:
        raise Invalid("password_too_short", field=field, least=LEAST)
    if len(password) > MOST:
        raise Invalid("password_too_long", field=field, most=MOST)
    folded = password.casefold()
    if _is_common(folded) or _is_pattern(folded):
        raise Invalid("password_common", field=field)
    if _is_made_of(folded, names):
        raise Invalid("password_made_of_names", field=field)


def make_hash(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(normal(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. Takes as long where nothing is stored, so that the time tells nobody
    whether an account exists."""
    if len(password) > MOST:
        return False
    right = _hasher.verify(normal(password), stored or _nobodys())
    return right and stored is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of an account that does not exist")


@cache
def _common() -> frozenset[str]:
    return frozenset(_LIST.read_text(encoding="utf-8").split())


def _is_common(folded: str) -> bool:
    """On the list as it stands, with letters for look-alike digits, or with a few digits and signs around it."""
    candidates = {folded, folded.translate(_PLAIN)}
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    if len(folded) - len(core) <= _LONGEST_DECORATION:
        candidates |= {core, core.translate(_PLAIN)}
    return not candidates.isdisjoint(_common())


def _is_pattern(folded: str) -> bool:
    if len(set(folded)) <= 2:
        return True
    for length in range(1, len(folded) // 2 + 1):
        if (folded[:length] * (len(folded) // length + 1)).startswith(folded) and (
            length <= 4 or _is_run(folded[:length])
        ):
            return True
    return _is_run(folded) or _DATE.fullmatch(folded) is not None


def _is_run(folded: str) -> bool:
    return any(folded in run or folded in run[::-1] for run in _RUNS)


def _is_made_of(folded: str, names: Iterable[str]) -> bool:
    """Whether fewer than six letters and digits are left once the names are taken out."""
    words = {normal(name).casefold().strip() for name in names}
    for name in list(words):
        words.update(re.split(r"[\W_]+", name))
    left = folded
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= (3 if word.isascii() else 2):
            left = left.replace(word, "")
    return left != folded and sum(character.isalnum() for character in left) < 6
