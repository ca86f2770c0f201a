"""What is served to browsers is what was vetted: vendored files keep their hashes, pages their weight and policy."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "spares" / "static"
TEMPLATES = ROOT / "templates"
VENDOR_FOLDERS = [STATIC / "vendor", ROOT / "tests" / "browser" / "vendor"]


@pytest.mark.parametrize("folder", VENDOR_FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_vendored_files_are_those_recorded(folder: Path) -> None:
    entries = json.loads((folder / "VENDORED.json").read_text(encoding="utf-8"))
    actual = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
    del actual["VENDORED.json"]
    assert actual == {entry["file"]: entry["sha256"] for entry in entries}
    with_licence = {entry["package"] for entry in entries if entry["file"].endswith(".LICENSE.txt")}
    assert with_licence == {entry["package"] for entry in entries}


def test_the_pinned_versions() -> None:
    entries = json.loads((STATIC / "vendor" / "VENDORED.json").read_text(encoding="utf-8"))
    assert {(entry["package"], entry["version"]) for entry in entries} == {
        ("bootstrap", "5.3.9"),
        ("htmx.org", "2.0.11"),
    }


def test_a_page_loads_under_two_hundred_kilobytes_of_static_files() -> None:
    base = (TEMPLATES / "base.html").read_text(encoding="utf-8")
    linked = set(re.findall(r"filename='([^']+)'", base))
    assert {"app.css", "app.js", "vendor/htmx.min.js"} <= linked
    assert sum((STATIC / name).stat().st_size for name in linked) < 200_000
    assert (STATIC / "app.js").stat().st_size <= 15_000


def test_own_styles_and_scripts_stay_on_this_server() -> None:
    for name in ("app.css", "app.js", "once.js"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|//[a-z]+\.|@import|\beval\(|new Function|innerHTML", text), name


def _template_texts() -> list[tuple[str, str]]:
    return [
        (path.relative_to(TEMPLATES).as_posix(), path.read_text(encoding="utf-8")) for path in TEMPLATES.rglob("*.html")
    ]


def test_templates_hold_under_the_content_policy() -> None:
    for name, text in _template_texts():
        markup = re.sub(r"{#.*?#}", "", text, flags=re.S)
        assert not re.search(r"<[^>]*\sstyle=", markup), f"{name}: style attribute"
        assert not re.search(r"<[^>]*\son[a-z]+=", markup), f"{name}: inline handler"
        assert not re.search(r"<style\b|javascript:", markup), f"{name}: inline style or script address"
        assert not re.search(r"<script(?![^>]*\bsrc=)", markup), f"{name}: inline script"


def test_safe_is_used_for_the_icon_paths_alone() -> None:
    users = {name for name, text in _template_texts() if re.search(r"\|\s*safe\b|autoescape false", text)}
    assert users == {"macros/icons.html"}


def _classes_used(text: str) -> set[str]:
    """Class names written out in a template; those built from a variable are left out."""
    markup = re.sub(r"{#.*?#}", "", text, flags=re.S)
    found: set[str] = set()
    for value in re.findall(r'\bclass="([^"]*)"', re.sub(r"{%.*?%}", " ", markup, flags=re.S)):
        found.update(
            name for name in re.sub(r"\S*{{.*?}}\S*", " ", value).split() if re.fullmatch(r"[a-z][\w-]*", name)
        )
    return found


def test_every_class_in_the_templates_is_styled() -> None:
    sheets = [
        STATIC / "app.css",
        STATIC / "vendor" / "bootstrap-grid.min.css",
        STATIC / "vendor" / "bootstrap-reboot.min.css",
    ]
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)))
    missing = {(name, used) for name, text in _template_texts() for used in _classes_used(text) - styled}
    assert missing == set()
