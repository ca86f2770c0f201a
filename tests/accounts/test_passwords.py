"""Which passwords are taken, and that the hash is argon2id and takes as long for nobody."""

import pytest

from spares.accounts import passwords
from spares.errors import Invalid

NAMES = ["wang.lei", "王磊", "wanglei", "Spares", "示例服务公司", "Example Service Company"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "落霞与孤鹜齐飞秋水",
        "x7!pQz2&",
        "        a b c d",
        "tr0mbone-lattice",
        "z" + "qmXw4 " * 42,
        "wang.lei and nine purple otters",
    ],
)
def test_any_characters_are_taken(password: str) -> None:
    passwords.check(password, names=NAMES)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short7!", "password_too_short"),
        ("七个字的密码啊", "password_too_short"),
        ("x" * 257, "password_too_long"),
        ("password", "password_common"),
        ("PASSWORD1", "password_common"),
        ("P@ssw0rd!", "password_common"),
        ("2024admin", "password_common"),
        ("iloveyou!!", "password_common"),
        ("woaini1314", "password_common"),
        ("12345678", "password_common"),
        ("87654321", "password_common"),
        ("qwertyuiop", "password_common"),
        ("1qaz2wsx3edc", "password_common"),
        ("aaaaaaaa", "password_common"),
        ("abababab", "password_common"),
        ("12341234", "password_common"),
        ("19870412", "password_common"),
        ("2001-05-31", "password_common"),
        ("wang.lei2026", "password_made_of_names"),
        ("WANGLEI!!1", "password_made_of_names"),
        ("示例服务公司2026", "password_made_of_names"),
        ("Spares2026!", "password_common"),
        ("ExampleServiceCompany", "password_made_of_names"),
    ],
)
def test_guessable_ones_are_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check(password, names=NAMES)
    assert (refusal.value.code, refusal.value.field) == (code, "password")


def test_length_is_counted_in_characters_after_composition() -> None:
    with pytest.raises(Invalid):
        passwords.check("e\u0301" * 7, names=[])
    passwords.check("éàüöñçøß", names=[])


def test_the_hash_is_argon2id_and_the_same_letters_match_however_composed() -> None:
    stored = passwords.make_hash("caf\u00e9 au lait noir")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert "caf" not in stored
    assert passwords.matches("cafe\u0301 au lait noir", stored)
    assert not passwords.matches("cafe au lait noir", stored)


def test_nobody_has_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify = passwords._hasher.verify

    def counted(password: str, stored: str) -> bool:
        verified.append(stored)
        return bool(verify(password, stored))

    monkeypatch.setattr(passwords._hasher, "verify", counted)
    assert not passwords.matches("the password of an account that does not exist", None)
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.matches("x" * 257, None)
