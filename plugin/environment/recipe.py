"""The programs that create an environment, their arguments, and the checks before the start."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtCore import QProcessEnvironment
from qgis.PyQt.QtNetwork import QNetworkProxy

from ...models.shared.paths import PACKAGE_ROOT
from ...models.shared.requirements import REQUIREMENTS
from ..errors import UserError
from ..wording import tr
from ..worker.launch import clean_environment
from .torch_build import CPU_BUILD, Build

USUAL_PYTHONS = ("python3.12", "python3.13", "python3.11", "python3.10", "python3", "python")
GIGABYTE = 1e9

CAN_MAKE = """
import sys
if sys.version_info < (3, 10):
    sys.exit(f"needs Python 3.10 or newer, and this is {sys.version.split()[0]}")
import ensurepip, venv
"""


@dataclass(frozen=True)
class EnvironmentRecipe:
    """The options of a new environment."""

    python: str  # creates the environment
    folder: Path
    build: Build = CPU_BUILD
    wheels: str = ""  # folder of wheels to install from without network
    requirements: tuple[str, ...] = REQUIREMENTS


@dataclass(frozen=True)
class Stage:
    """One program to run, and the message shown meanwhile."""

    text: str
    program: str
    arguments: tuple[str, ...]


def check(recipe: EnvironmentRecipe) -> None:
    """Check that the creation can start.

    Raises:
        UserError: if it cannot.
    """
    folder = recipe.folder
    if not recipe.python:
        raise UserError(tr("Choose the Python that creates the environment: 3.10 or newer."))
    if not folder.is_absolute() or folder.is_relative_to(PACKAGE_ROOT):
        raise UserError(tr("Choose a folder outside the plugin: an update replaces the plugin folder."))
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file())):
        raise UserError(tr("{} contains other files. Choose an empty or new folder.").format(folder))
    if recipe.wheels and not any(Path(recipe.wheels).glob("*.whl")):
        raise UserError(tr("There is no wheel (*.whl) in {}.").format(recipe.wheels))
    free = free_gb(folder)
    if free < recipe.build.needed_gb:
        text = tr("About {:.1f} GB are needed in {}, and {:.1f} GB are free.")
        raise UserError(text.format(recipe.build.needed_gb, folder, free))


def free_gb(folder: Path) -> float:
    """Return the free disk space at an existing or future folder."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free / GIGABYTE


def stages(recipe: EnvironmentRecipe) -> list[Stage]:
    """Return the programs that create an environment, in order."""
    inside = recipe.folder / ("Scripts/python.exe" if _is_windows() else "bin/python")
    pip = ("-I", "-m", "pip", "install", "--only-binary=:all:", "--progress-bar=off")
    torch = tuple(text for text in recipe.requirements if text.startswith("torch"))
    others = tuple(text for text in recipe.requirements if not text.startswith("torch"))
    where: tuple[str, ...] = ()
    if recipe.wheels:
        where = ("--no-index", "--find-links", recipe.wheels)
    elif recipe.build.index:
        where = ("--index-url", recipe.build.index)
    stages = [
        Stage(tr("Checking Python"), recipe.python, ("-I", "-c", CAN_MAKE)),
        Stage(tr("Creating the environment"), recipe.python, ("-I", "-m", "venv", str(recipe.folder))),
    ]
    if torch:  # first and separately, so that no other package installs another build
        stages.append(Stage(tr("Installing PyTorch"), str(inside), (*pip, *where, *torch)))
    if others:
        rest = where if recipe.wheels else ()
        stages.append(Stage(tr("Installing the other libraries"), str(inside), (*pip, *rest, *others)))
    return stages


def pip_environment(recipe: EnvironmentRecipe) -> QProcessEnvironment:
    """Return the environment variables of pip: with the proxy of QGIS, without those for QGIS's own Python."""
    environment = clean_environment()
    for name, value in (
        ("PIP_NO_INPUT", "1"),
        ("PIP_USER", "0"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_RETRIES", "2"),
        ("PIP_NO_COLOR", "1"),
        *((name, str(recipe.folder / "scratch")) for name in ("TMPDIR", "TEMP", "TMP")),
    ):
        environment.insert(name, value)
    address = proxy_address(QgsNetworkAccessManager.instance().fallbackProxy())
    if address:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            environment.insert(name, address)
    return environment


def proxy_address(proxy: QNetworkProxy) -> str:
    """Return the address of a proxy in pip's form, or an empty string if there is none."""
    schemes = {QNetworkProxy.ProxyType.HttpProxy: "http", QNetworkProxy.ProxyType.Socks5Proxy: "socks5"}
    scheme = schemes.get(proxy.type())
    if scheme is None or not proxy.hostName():
        return ""
    name, word = (quote(text, safe="") for text in (proxy.user(), proxy.password()))
    account = f"{name}:{word}@" if name else ""
    port = f":{proxy.port()}" if proxy.port() else ""
    return f"{scheme}://{account}{proxy.hostName()}{port}"


def _is_windows() -> bool:
    return os.name == "nt"
