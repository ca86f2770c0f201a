"""Fetch the third-party browser files that the product ships, at pinned versions, with their licences and hashes.

Run by hand when a pin changes: `python tools/vendor_assets.py`. It asks npm for each package with `npm pack`, copies
the few files named below and writes a VENDORED.json beside them. Nothing here runs when the product is built or
served; `tests/test_static.py` re-hashes what is checked in."""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = "VENDORED.json"


@dataclass(frozen=True)
class Package:
    """One npm package at one version. `files` maps a path inside the package to the name it gets in `folder`."""

    name: str
    version: str
    licence: str
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package(
        name="bootstrap",
        version="5.3.9",
        licence="MIT",
        folder="spares/static/vendor",
        files={
            "dist/css/bootstrap-reboot.min.css": "bootstrap-reboot.min.css",
            "dist/css/bootstrap-grid.min.css": "bootstrap-grid.min.css",
            "LICENSE": "bootstrap.LICENSE.txt",
        },
    ),
    # 2.x on purpose: the registry's `latest` tag is a different major version with other attributes.
    Package(
        name="htmx.org",
        version="2.0.11",
        licence="0BSD",
        folder="spares/static/vendor",
        files={"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    # For the browser tests alone; it is not served and not part of the wheel.
    Package(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        folder="tests/browser/vendor",
        files={"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE.txt"},
    ),
)


def members(package: Package, scratch: Path) -> dict[str, bytes]:
    """The wanted files of one package, by the name they are kept under. Fails when npm does not deliver one of them."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = scratch / packed.stdout.strip().splitlines()[-1]
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as bundle:
        for inside, kept in package.files.items():
            handle = bundle.extractfile(f"package/{inside}")
            if handle is None:
                raise SystemExit(f"{package.name} {package.version} has no file {inside}")
            found[kept] = handle.read()
    return found


def main() -> None:
    """Fetch every package and rewrite the manifests; the diff then shows what changed."""
    manifests: dict[str, list[dict[str, str]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            folder = ROOT / package.folder
            folder.mkdir(parents=True, exist_ok=True)
            for kept, content in members(package, Path(scratch)).items():
                (folder / kept).write_bytes(content)
                manifests.setdefault(package.folder, []).append(
                    {
                        "file": kept,
                        "package": package.name,
                        "version": package.version,
                        "licence": package.licence,
                        "sha256": hashlib.sha256(content).hexdigest(),
                    }
                )
    for path, entries in manifests.items():
        text = json.dumps(entries, indent=2, ensure_ascii=False)
        (ROOT / path / MANIFEST).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
