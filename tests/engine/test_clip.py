"""Frames as CLIP's own preprocessing has them, and what a kept CLIP says of them."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from clips import SIDE, keep_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from scorelock.engine.clip import MEAN, STD, Clip, emotions_of, prepare
from scorelock.engine.errors import BadBundle, MissingPart
from scorelock.engine.video import Image


def frame(width: int, height: int, seed: int = 0) -> Image:
    """Noise that is a little smooth, so that a shift by a pixel shows."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.blur(noise, (3, 3)), np.uint8).reshape(height, width, 3)


def as_torchvision_says(image: Image, size: int) -> np.ndarray:
    """Resize(size, BICUBIC) and CenterCrop(size) by the words of torchvision's documentation.

    "If size is an int, smaller edge of the image will be matched to this number. I.e, if height >
    width, then image will be rescaled to (size * height / width, size)"; the crop begins at half
    the rest, by Python's own rounding.
    """
    picture = Picture.fromarray(image[:, :, ::-1].copy())
    width, height = picture.size
    if height > width:
        picture = picture.resize((size, int(size * height / width)), Picture.Resampling.BICUBIC)
    else:
        picture = picture.resize((int(size * width / height), size), Picture.Resampling.BICUBIC)
    left = round((picture.size[0] - size) / 2.0)
    top = round((picture.size[1] - size) / 2.0)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


SIZES = [(640, 360), (1920, 1080), (360, 641), (336, 336), (337, 336), (1, 1), (3, 2), (4096, 2160)]


@pytest.mark.parametrize("size", SIZES)
def test_frames_of_any_size_are_prepared_as_clip_does(size: tuple[int, int]) -> None:
    image = frame(*size)
    np.testing.assert_array_equal(prepare(image, 336), as_torchvision_says(image, 336))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([32, 56, 224]))
def test_the_crop_is_always_in_the_middle(width: int, height: int, size: int) -> None:
    if max(width, height) > 20 * min(width, height):
        width = height
    image = frame(width, height)
    np.testing.assert_array_equal(prepare(image, size), as_torchvision_says(image, size))


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (360, 640), (336, 336), (48, 48)])
def test_normalised_pixels_are_those_of_transformers(size: tuple[int, int]) -> None:
    """Where the rest is even: of odd ones transformers rounds down, CLIP itself to even."""
    pil = pytest.importorskip("transformers.models.clip.image_processing_pil_clip")
    image = frame(*size)
    processor = pil.CLIPImageProcessorPil(size={"shortest_edge": 336}, crop_size=336)
    wanted = processor(image[:, :, ::-1], return_tensors="np")["pixel_values"][0]
    got = (prepare(image, 336) / 255 - np.array(MEAN)) / np.array(STD)
    np.testing.assert_allclose(got.transpose(2, 0, 1), wanted, atol=1e-3)


def test_emotions_are_clips_probabilities() -> None:
    """By the definition: the softmax of the cosine times the scale."""
    draw = np.random.default_rng(0)
    semantic = draw.normal(size=(5, 12)).astype(np.float32) * 40
    words = draw.normal(size=(6, 12))
    unit = words / np.sqrt((words**2).sum(1))[:, None]
    odds = np.array(
        [[np.exp(100 * (row @ word) / np.sqrt(row @ row)) for word in unit] for row in semantic],
        np.float64,
    )
    wanted = odds / odds.sum(1, keepdims=True)
    got = emotions_of(semantic, (100 * unit).astype(np.float32))
    np.testing.assert_allclose(got, wanted, atol=1e-3)
    assert got.dtype == np.float32


def test_a_black_frame_has_emotions_too() -> None:
    np.testing.assert_allclose(
        emotions_of(np.zeros((1, 4), np.float32), np.ones((6, 4), np.float32)), 1 / 6, rtol=1e-6
    )


def test_frames_seen_together_are_as_if_seen_alone(tmp_path: Path) -> None:
    clip = Clip.open(keep_clip(tmp_path, width=20), device="cpu")
    frames = [frame(40 + i, 30, seed=i) for i in range(11)]
    together, apart = clip.see(frames), [clip.see([one]) for one in frames]
    for part in (0, 1):
        alone = np.concatenate([seen[part] for seen in apart])
        np.testing.assert_allclose(together[part], alone, atol=1e-5)
    assert together[0].shape == (11, 20)
    assert together[1].shape == (11, 6)


def test_no_frames_are_no_rows(tmp_path: Path) -> None:
    semantic, emotion = Clip.open(keep_clip(tmp_path, width=20), device="cpu").see([])
    assert semantic.shape == (0, 20)
    assert emotion.shape == (0, 6)


def test_the_kept_one_is_opened_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path))
    with pytest.raises(MissingPart, match="scorelock models add clip"):
        Clip.open()
    keep_clip(tmp_path)
    assert Clip.open(device="cpu").width == 768


def test_the_digest_tells_models_apart(tmp_path: Path) -> None:
    one, two = keep_clip(tmp_path, "one"), keep_clip(tmp_path, "two", seed=1)
    assert Clip.open(one).digest == Clip.open(one).digest != Clip.open(two).digest


@pytest.mark.parametrize("name", ["image.onnx", "image.bin", "prompts.npy"])
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    folder = keep_clip(tmp_path)
    with (folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BadBundle, match=f"{name} is not the file") as caught:
        Clip.open(folder)
    assert "\n" not in str(caught.value)
    (folder / name).unlink()
    with pytest.raises(BadBundle, match=f"expected the file {name}"):
        Clip.open(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("kind", "bundle"), ("format", 2), ("files", {}), ("architecture", {"resolution": 0})],
)
def test_what_is_no_clip_is_refused(key: str, value: object, tmp_path: Path) -> None:
    manifest = keep_clip(tmp_path) / "manifest.json"
    content = json.loads(manifest.read_text()) | {key: value}
    manifest.write_text(json.dumps(content))
    with pytest.raises(BadBundle, match="scorelock models add clip") as caught:
        Clip.open(manifest.parent)
    assert "\n" not in str(caught.value)


def test_prompts_of_another_width_are_refused(tmp_path: Path) -> None:
    folder = keep_clip(tmp_path, width=20)
    np.save(folder / "prompts.npy", np.zeros((6, 21), np.float32))
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    content["files"]["prompts.npy"] = hashlib.sha256(
        (folder / "prompts.npy").read_bytes()
    ).hexdigest()
    manifest.write_text(json.dumps(content))
    with pytest.raises(BadBundle, match=r"expected \(6, 20\) numbers"):
        Clip.open(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="No such file"):
        Clip.open(tmp_path / "none")


def test_a_frame_smaller_than_the_model_is_enlarged(tmp_path: Path) -> None:
    """By hand: of one colour, every pixel of the square has it, and the product is a sum."""
    folder = keep_clip(tmp_path, width=20)
    seen, _ = Clip.open(folder).see([np.full((2, 3, 3), (10, 20, 30), np.uint8)])
    weights = onnx_weights(folder / "image.onnx")
    wanted = np.tile([30.0, 20.0, 10.0], SIDE * SIDE) @ weights
    np.testing.assert_allclose(seen[0], wanted, rtol=1e-4, atol=1e-4)


def onnx_weights(path: Path) -> np.ndarray:
    onnx = pytest.importorskip("onnx")
    tensors = onnx.load(path).graph.initializer
    found = [onnx.numpy_helper.to_array(t) for t in tensors if t.name == "weights"]
    return np.asarray(found[0])


@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
    reason="needs an NVIDIA card and onnxruntime with CUDA",
)
def test_eight_bits_run_on_the_processor_where_there_is_cuda(tmp_path: Path) -> None:
    folder = keep_clip(tmp_path, width=20)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"precision": "int8"}))
    Clip.open(folder, device="auto")
    with pytest.raises(MissingPart, match="--precision fp16"):
        Clip.open(folder, device="cuda")
