"""Compile the catalogues while a wheel is built, so that a wheel speaks both languages."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Runs before files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a catalogue with a hole stops the build."""
        subprocess.run([sys.executable, str(Path(self.root) / "tools" / "compile_catalogues.py")], check=True)
