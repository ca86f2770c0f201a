"""Take the pictures below docs/screenshots: `python -m tools.screenshots`.

Serves the demo from a temporary folder with its clock held, so that two runs show the same day, and visits every main page of
every role in both languages at desk width, and what people do on foot at phone width too."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.live import DESK, PHONE, Tab, demo_site, running_browser
from tests.browser.pages import PAGES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
ON_FOOT = {"warehouse": ("start", "pick", "receive"), "engineer": ("request",)}
TALLEST = 2000
COLOURS = 128


def main() -> int:
    """Take them all; the names of the files go to standard output."""
    with tempfile.TemporaryDirectory() as folder, demo_site(Path(folder)) as live, running_browser() as browser:
        for language, locale in LOCALES.items():
            visitor = Tab(browser, live, DESK, locale)
            take(visitor, "/sign-in", FOLDER / language / "sign-in.png")
            visitor.close()
            for username in PAGES:
                desk = Tab(browser, live, DESK, locale).sign_in(username)
                for name, path in PAGES[username].items():
                    take(desk, path, FOLDER / language / f"{username}-{name}.png")
                desk.close()
            for username, names in ON_FOOT.items():
                phone = Tab(browser, live, PHONE, locale).sign_in(username)
                for name in names:
                    take(phone, PAGES[username][name], FOLDER / language / f"{username}-{name}-phone.png")
                phone.close()
    return 0


def take(tab: Tab, path: str, file: Path) -> None:
    """The whole page, in few colours: a page is flat, and the folder stays small."""
    if tab.open(path) != 200:
        raise SystemExit(f"{path} cannot be shown")
    tab.page.wait_for_load_state("networkidle")
    whole = Image.open(io.BytesIO(tab.page.screenshot(full_page=True)))
    picture = whole.crop((0, 0, whole.width, min(whole.height, TALLEST)))
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    sys.stdout.write(f"{file.relative_to(FOLDER)}\n")


if __name__ == "__main__":
    sys.exit(main())
