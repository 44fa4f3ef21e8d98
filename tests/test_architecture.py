"""The folders keep their shape: one namespace, arrows only towards the engine."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "engine/scorelock/engine": (
        "scorelock.bridge",
        "scorelock.export",
        "scorelock.training",
        "torch",
    ),
    "engine/scorelock/training": ("scorelock.bridge", "scorelock.export"),
    "export/scorelock/export": ("scorelock.bridge",),
    "bridge/scorelock/bridge": ("scorelock.training", "torch"),
}
"""Folder of each package and what nothing in it may import."""


@cache
def imports(path: Path) -> list[str]:
    """Every module that a file imports, wherever the statement stands."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


@pytest.mark.parametrize("root", ["bridge", "engine", "export"])
def test_namespace_has_no_files(root: str) -> None:
    """A file in <root>/scorelock/ would hide the other roots (PEP 420)."""
    assert [p.name for p in (ROOT / root / "scorelock").iterdir() if p.is_file()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_inwards(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        for name in imports(path):
            assert not name.startswith(PACKAGES[package]), f"{path}: imports {name}"


@pytest.mark.parametrize(
    ("module", "owner"),
    [("onnxruntime", "runtime.py"), ("rtmidi", "ports.py"), ("time", "clock.py")],
)
def test_the_world_is_touched_in_one_place(module: str, owner: str) -> None:
    """One file owns each door to the outside, so that the rest runs on values."""
    users = {
        path.name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if module in (name.split(".")[0] for name in imports(path))
    }
    assert users <= {owner}
