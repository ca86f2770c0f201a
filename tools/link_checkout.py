"""Make this checkout importable in its virtual environment and put the `spares` command on its path.

What `pip install --editable` does, without needing a build backend at run time."""

import sys
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parent.parent
site = Path(sysconfig.get_paths()["purelib"])
(site / "spares_checkout.pth").write_text(f"{root}\n", encoding="utf-8")
command = Path(sys.executable).parent / "spares"
command.write_text(f"#!{sys.executable}\nfrom spares.cli import main\n\nmain()\n", encoding="utf-8")
command.chmod(0o755)
