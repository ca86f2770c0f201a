"""Merge the Chinese catalogues (one .po a slice, so that people can work side by side) into the one that is served.

Fails, naming the message, when two catalogues translate the same message differently or leave one empty."""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent.parent / "spares" / "translations" / "zh_Hans_CN"


def merged(folder: Path = FOLDER) -> tuple[Catalog, list[str]]:
    """Every message of every .po in `folder`, and what is wrong with them."""
    whole = Catalog(locale="zh_Hans_CN", charset="utf-8")
    problems = []
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans_CN"):
                if not message.id:
                    continue
                earlier = whole.get(message.id)
                if not message.string or (isinstance(message.string, tuple) and not all(message.string)):
                    problems.append(f"{path.name}: {message.id!r} has no translation")
                elif earlier is not None and earlier.string != message.string:
                    problems.append(
                        f"{path.name}: {message.id!r} is {message.string!r} here, {earlier.string!r} elsewhere"
                    )
                else:
                    whole.add(message.id, message.string, flags=message.flags)
    return whole, problems


def main() -> None:
    """Write messages.mo beside the sources, unless it is newer than all of them."""
    target = FOLDER / "LC_MESSAGES" / "messages.mo"
    sources = list(FOLDER.glob("*.po"))
    if target.exists() and all(p.stat().st_mtime <= target.stat().st_mtime for p in [*sources, FOLDER]):
        return
    whole, problems = merged()
    if problems:
        sys.exit("\n".join(problems))
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        write_mo(file, whole)


if __name__ == "__main__":
    main()
