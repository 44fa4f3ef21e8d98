"""The transcriber's model is taken from its wheel, is the right one, and is kept whole."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from scorelock.engine.errors import BadBundle, BadSetting, MissingPart
from scorelock.engine.model_shelf import ENVIRONMENT
from scorelock.training.listening import fetch

MODEL = b"a model of a few bytes"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of its own, and bytes that pass for the model."""
    monkeypatch.setattr(fetch, "SHA256", hashlib.sha256(MODEL).hexdigest())
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "models"))
    return tmp_path / "models"


def wheel(path: Path, model: bytes = MODEL) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("basic_pitch-0.4.0.dist-info/LICENSE", "Apache License")
        file.writestr("basic_pitch-0.4.0.dist-info/NOTICE", "Spotify")
        file.writestr("basic_pitch/saved_models/icassp_2022/nmp.onnx", model)
    return path


def test_the_wheel_gives_the_model_and_its_licence(tmp_path: Path, shelf: Path) -> None:
    path = fetch.add(str(wheel(tmp_path / "x.whl")))

    assert path == shelf / "basic-pitch" / "nmp.onnx" == fetch.kept()
    assert {p.name: p.read_bytes() for p in path.parent.iterdir()} == {
        "nmp.onnx": MODEL,
        "LICENSE": b"Apache License",
        "NOTICE": b"Spotify",
    }


def test_the_model_alone_will_do(tmp_path: Path) -> None:
    (tmp_path / "nmp.onnx").write_bytes(MODEL)

    assert fetch.add(str(tmp_path / "nmp.onnx")).read_bytes() == MODEL


def test_another_model_is_refused_and_leaves_the_kept_one(tmp_path: Path) -> None:
    kept = fetch.add(str(wheel(tmp_path / "x.whl")))

    with pytest.raises(BadBundle, match=r"expected the model of basic-pitch 0\.4\.0, sha256 .*y\."):
        fetch.add(str(wheel(tmp_path / "y.whl", MODEL + b"!")))

    assert kept.read_bytes() == MODEL


def test_a_shelf_that_cannot_be_written_says_how_to_name_another(
    tmp_path: Path, shelf: Path
) -> None:
    shelf.write_text("a file, no folder")

    with pytest.raises(BadSetting, match=r"name another folder in \$SCORELOCK_MODELS"):
        fetch.add(str(wheel(tmp_path / "x.whl")))


def test_a_wheel_without_the_model_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as file:
        file.writestr("other/nmp.onnx", MODEL)

    with pytest.raises(BadBundle, match=r"nmp\.onnx in .*other\.whl, got: .*give the wheel"):
        fetch.add(str(tmp_path / "other.whl"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"none\.whl, got: No such file"):
        fetch.add(str(tmp_path / "none.whl"))


def test_a_model_that_was_not_added_is_named(shelf: Path) -> None:
    with pytest.raises(MissingPart, match="scorelock models add basic-pitch"):
        fetch.kept()
    (shelf / "basic-pitch").mkdir(parents=True)
    with pytest.raises(MissingPart, match=r"nmp\.onnx, found none; scorelock models add"):
        fetch.kept()


def test_without_a_network_the_wheel_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(MissingPart, match=r"it said: .*basic-pitch==0\.4\.0.* --from WHEEL"):
        fetch.add()
