"""`scorelock models`: CLIP from every form in which its weights are published.

No published weights are at hand where this runs: the same architecture with random ones stands for
them, small, and the oracle is a CLIP written anew (`openai_clip`) or transformers' own.
"""

import gzip
import importlib.util
import itertools
import json
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from openai_clip import WORDS, OpenAiClip

from scorelock.bridge.cli import main
from scorelock.engine.clip import MEAN, STD, Clip, prepare
from scorelock.engine.model_shelf import BASIC_PITCH, kept_models

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
safetensors = pytest.importorskip("safetensors.torch")
sources = pytest.importorskip("scorelock.export.clip.sources")

NEAR = {"fp32": 2e-5, "fp16": 5e-3, "int8": 5e-2}
"""Of an embedding, in shares of its length."""


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="module")
def openai() -> OpenAiClip:
    torch.manual_seed(0)
    return OpenAiClip().eval()


def frames() -> list[np.ndarray]:
    """Two soft pictures and one of noise; their rests are even, as transformers wants them."""
    draw = np.random.default_rng(5)
    sizes = [(80, 160), (160, 80), (56, 56)]
    noise = [draw.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    return [
        np.asarray(cv2.blur(noise[0], (9, 9))),
        np.asarray(cv2.blur(noise[1], (5, 5))),
        noise[2],
    ]


def oracle(model: OpenAiClip) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and probabilities of `frames`, computed by the CLIP written anew."""
    shown = [(prepare(f, model.side) / 255 - np.array(MEAN)) / np.array(STD) for f in frames()]
    pixels = torch.from_numpy(np.stack(shown).astype(np.float32).transpose(0, 3, 1, 2))
    with torch.inference_mode():
        image, odds = model(pixels)
    return image.numpy(), odds.numpy()


def script(model: OpenAiClip, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(model, torch.zeros(1, 3, model.side, model.side))
        torch.jit.save(traced, path)
    return path


def state_dict(model: OpenAiClip, path: Path) -> Path:
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state(model).items()}}, path
    )
    return path


def open_clip(model: OpenAiClip, folder: Path) -> Path:
    folder.mkdir()
    safetensors.save_file(state(model), folder / "open_clip_model.safetensors")
    config = {"model_cfg": {"embed_dim": 40, "quick_gelu": model.quick}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def state(model: OpenAiClip) -> dict[str, Any]:
    return {name: value.contiguous() for name, value in model.state_dict().items()}


FORMS: dict[str, Callable[[OpenAiClip, Path], list[str]]] = {
    "OpenAI's archive": lambda m, p: [str(script(m, p / "ViT.pt"))],
    "a state dict": lambda m, p: [str(state_dict(m, p / "x.pt")), "--activation", "quickgelu"],
    "open_clip's folder": lambda m, p: [str(open_clip(m, p / "open"))],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_sees_what_its_weights_see(
    form: str, openai: OpenAiClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = FORMS[form](openai, tmp_path)
    assert main(["models", "add", "clip", "--precision", "fp32", "--from", *arguments]) == 0
    image, odds = oracle(openai)
    semantic, emotion = Clip.open(device="cpu").see(frames())
    np.testing.assert_allclose(semantic, image, atol=NEAR["fp32"] * np.abs(image).max())
    np.testing.assert_allclose(emotion, odds, atol=1e-3)
    assert odds.max() > 0.3  # or the words would not matter
    assert "cosine 1.00000" in capsys.readouterr().out


def test_an_exact_gelu_is_kept_exact(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = OpenAiClip(quick=False).eval()
    source = str(open_clip(model, tmp_path / "laion"))
    assert main(["models", "add", "clip", "--precision", "fp32", "--from", source]) == 0
    image, _ = oracle(model)
    semantic, _ = Clip.open(device="cpu").see(frames())
    np.testing.assert_allclose(semantic, image, atol=NEAR["fp32"] * np.abs(image).max())


def hugging_face(folder: Path, **vision: int) -> Any:  # noqa: ANN401
    """A random CLIP in Hugging Face's form, and the model itself."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 96, "num_attention_heads": 3, "num_hidden_layers": 3, "patch_size": 8}
    sizes |= {"intermediate_size": 192, "image_size": 56} | vision
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 49408}
    text |= {"num_attention_heads": 2, "eos_token_id": 49407}
    config = transformers.CLIPConfig(
        vision_config=sizes, text_config=text, projection_dim=vision.pop("projection_dim", 40)
    )
    model = transformers.CLIPModel(config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim == 2 and "embedding" not in name:
                value.copy_(torch.randn_like(value) * value.shape[1] ** -0.5)
    model.save_pretrained(folder)
    return model


def seen_by_transformers(model: Any, side: int) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """Its own preprocessing, its own model, its own softmax."""
    pil = pytest.importorskip("transformers.models.clip.image_processing_pil_clip")
    processor = pil.CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=side)
    pixels = processor([f[:, :, ::-1] for f in frames()], return_tensors="pt")["pixel_values"]
    ids = torch.full((6, 77), 49407)
    for row, word in zip(ids, WORDS.values(), strict=True):
        row[: len(word) + 1] = torch.tensor([49406, *word])
    with torch.inference_mode():
        image = model.get_image_features(pixel_values=pixels).pooler_output
        logits = model(input_ids=ids, pixel_values=pixels).logits_per_image
    return image.numpy(), logits.softmax(-1).numpy()


@pytest.mark.parametrize("precision", NEAR)
def test_every_precision_is_near_transformers(precision: str, tmp_path: Path, shelf: Path) -> None:
    model = hugging_face(tmp_path / "hf")
    source = ["--from", str(tmp_path / "hf"), "--precision", precision]
    assert main(["models", "add", "clip", *source]) == 0
    image, odds = seen_by_transformers(model, 56)
    semantic, emotion = Clip.open(device="cpu").see(frames())
    length = np.linalg.norm(image, axis=1)
    assert (np.linalg.norm(semantic - image, axis=1) <= NEAR[precision] * length).all()
    np.testing.assert_allclose(emotion, odds, atol=8 * NEAR[precision])
    manifest = json.loads((shelf / "clip" / "manifest.json").read_text())
    assert manifest["precision"] == precision
    assert manifest["parity"]["cosine"] > 0.99


def test_the_shape_of_vit_b_32_has_its_name_and_width(tmp_path: Path) -> None:
    hugging_face(
        tmp_path / "hf",
        hidden_size=768,
        num_attention_heads=12,
        num_hidden_layers=1,
        patch_size=32,
        image_size=224,
        projection_dim=512,
    )
    source = ["--from", str(tmp_path / "hf"), "--as", "small"]
    assert main(["models", "add", "clip", *source]) == 0
    assert kept_models() == ["small"]


def outliers(model: Any) -> None:  # noqa: ANN401
    """Make some channels thirty times larger, as in trained CLIPs, and their weights less."""
    with torch.no_grad():
        for layer in model.vision_model.encoder.layers:
            attention = layer.self_attn
            for norm, readers in (
                (layer.layer_norm1, [attention.q_proj, attention.k_proj, attention.v_proj]),
                (layer.layer_norm2, [layer.mlp.fc1]),
            ):
                norm.weight[:3] *= 30
                for reader in readers:
                    reader.weight[:, :3] /= 30
            layer.mlp.fc1.weight[:3] *= 30
            layer.mlp.fc2.weight[:, :3] /= 30


def test_large_channels_cost_eight_bits_nothing(tmp_path: Path, shelf: Path) -> None:
    model = hugging_face(
        tmp_path / "hf", hidden_size=256, num_attention_heads=4, intermediate_size=512
    )
    outliers(model)
    model.save_pretrained(tmp_path / "hf")
    source = ["--from", str(tmp_path / "hf"), "--precision", "int8"]
    assert main(["models", "add", "clip", *source]) == 0
    manifest = json.loads((shelf / "clip" / "manifest.json").read_text())
    assert manifest["exact_products"] == []
    image, _ = seen_by_transformers(model, 56)
    semantic, _ = Clip.open(device="cpu").see(frames())
    products = (semantic * image).sum(1)
    cosine = products / np.linalg.norm(semantic, axis=1) / np.linalg.norm(image, axis=1)
    assert cosine.min() > 0.995


def test_the_six_words_are_in_clips_table() -> None:
    """Byte-pair encoding done by hand, with the merges that CLIP was trained with."""
    found = importlib.util.find_spec("open_clip")
    if found is None or found.origin is None:
        pytest.skip("needs open_clip, which has CLIP's table of byte pairs")
    table = Path(found.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(table.read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = {tuple(line.split()): rank for rank, line in enumerate(lines)}
    # 256 bytes and the same at a word's end come first; of them we need only the letters.
    ids = {"".join(pair): 512 + rank for pair, rank in merges.items()}
    for word, wanted in WORDS.items():
        parts = [*word[:-1], word[-1] + "</w>"]
        while known := [pair for pair in itertools.pairwise(parts) if pair in merges]:
            best = min(known, key=lambda pair: merges[pair])
            at = list(itertools.pairwise(parts)).index(best)
            parts[at : at + 2] = ["".join(best)]
        assert [ids[part] for part in parts] == wanted


def failed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a failing command says, on one line behind the remarks."""
    capsys.readouterr()
    assert main(["models", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    line = said.err.splitlines()[-1]
    assert line.startswith("scorelock: expected")
    return line


def test_bad_weights_leave_the_kept_ones(
    openai: OpenAiClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(script(openai, tmp_path / "good.pt"))
    assert main(["models", "add", "clip", "--precision", "fp32", "--from", good]) == 0
    before = Clip.open(device="cpu").digest
    tensors = state(openai)
    bad: dict[str, tuple[object, str]] = {
        "lacking": ({k: v for k, v in tensors.items() if "ln_post.bias" not in k}, "are missing"),
        "resnet": ({"visual.layer1.0.conv1.weight": torch.zeros(1)}, "take a ViT"),
        "swapped": (tensors | {"visual.proj": torch.zeros(3, 40)}, "download it again"),
        "nan": (tensors | {"visual.proj": tensors["visual.proj"] * torch.nan}, "are none"),
        "mute": (tensors | {"text_projection": torch.full((64, 40), torch.nan)}, "are none"),
        "wordless": (tensors | {"token_embedding.weight": torch.ones(99, 64)}, "99 tokens"),
        "list": ([1, 2], "expected a state dict"),
    }
    for name, (content, reason) in bad.items():
        torch.save(content, tmp_path / f"{name}.pt")
        source = ["--from", str(tmp_path / f"{name}.pt"), "--activation", "quickgelu"]
        assert reason in failed(["add", "clip", *source, "--precision", "fp32"], capsys), name
    (tmp_path / "cut.pt").write_bytes(Path(good).read_bytes()[:5000])
    assert "cannot be read safely" in failed(
        ["add", "clip", "--from", str(tmp_path / "cut.pt")], capsys
    )
    assert Clip.open(device="cpu").digest == before
    assert kept_models() == ["clip"]


class Trap:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("sprung"),)  # type: ignore[return-value]


def test_a_pickle_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trap.pt").write_bytes(pickle.dumps(Trap()))
    assert "cannot be read safely" in failed(["add", "clip", "--from", "trap.pt"], capsys)
    assert not (tmp_path / "sprung").exists()


def test_what_a_file_does_not_tell_is_asked_for(
    openai: OpenAiClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(state(openai), tmp_path / "bare.pt")
    line = failed(["add", "clip", "--from", str(tmp_path / "bare.pt")], capsys)
    assert "--activation quickgelu" in line


def test_another_kind_of_model_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    assert "type bert" in failed(["add", "clip", "--from", str(folder)], capsys)
    (folder / "config.json").unlink()
    assert "found neither" in failed(["add", "clip", "--from", str(folder)], capsys)


def test_sizes_that_do_not_fit_are_told_before_anything_is_made(
    tmp_path: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hugging_face(tmp_path / "hf")
    config = tmp_path / "hf" / "config.json"
    content = json.loads(config.read_text())
    for sizes, reason in (
        ({"hidden_size": 192}, "of another size"),
        ({"image_size": 60}, "60 pixels in patches of 8"),
    ):
        changed = content | {"vision_config": content["vision_config"] | sizes}
        config.write_text(json.dumps(changed))
        line = failed(["add", "clip", "--from", str(tmp_path / "hf")], capsys)
        assert reason in line
    assert list(shelf.iterdir()) == []


def test_the_transcribers_name_is_not_clips(capsys: pytest.CaptureFixture[str]) -> None:
    line = failed(["add", "clip", "--as", BASIC_PITCH, "--from", "nothing.pt"], capsys)
    assert "choose another" in line


def test_weights_are_not_read_where_they_cannot_be_kept(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.write_text("a file stands here")
    assert "SCORELOCK_MODELS" in failed(["add", "clip", "--from", "nothing.pt"], capsys)


@pytest.mark.parametrize("source", ["./none/of/this", "n" * 300, "none.pt", "/none"])
def test_a_path_where_nothing_is_is_not_asked_of_the_hub(
    source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_hub_answers", lambda: pytest.fail("the hub was asked"))
    assert "check --from" in failed(["add", "clip", "--from", source], capsys)


def test_a_hub_that_does_not_answer_is_asked_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its library would ask five times and more, with longer and longer waits between."""
    hub = pytest.importorskip("huggingface_hub")
    asked = []

    class Dead:
        def head(self, url: str, timeout: float) -> None:
            asked.append((url, timeout))
            raise TimeoutError

    monkeypatch.setattr(hub.utils, "get_session", Dead)
    assert "config.json" in failed(["add", "clip", "--from", "nobody/has-this"], capsys)
    assert [timeout for _, timeout in asked] == [sources.PATIENCE_S]


def test_without_a_network_it_says_what_to_bring(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    line = failed(["add", "clip", "--from", "nobody/has-this"], capsys)
    assert "config.json and model.safetensors" in line
    assert "--from FOLDER" in line


def test_models_are_listed_and_removed(
    openai: OpenAiClip, tmp_path: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "list"]) == 0
    assert "no models in" in capsys.readouterr().err
    source = str(script(openai, tmp_path / "ViT.pt"))
    assert main(["models", "add", "clip", "--from", source, "--precision", "fp16"]) == 0
    (shelf / "other").mkdir()
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("clip  clip-vit-w128-8-56, fp16  ")
    assert second.startswith("other  0.0 MB")
    assert main(["models", "remove", "clip"]) == 0
    assert kept_models() == ["other"]
    assert "scorelock models add clip" in failed(["remove", "clip"], capsys)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add"], "expected a model to add"),
        (["remove"], "expected a model to remove"),
        (["add", "resnet"], "expected clip or basic-pitch"),
        (["list", "clip"], "models list alone"),
        (["add", "clip", "--as", "../x"], "expected a plain name"),
        (["add", BASIC_PITCH, "--as", "x"], "with clip alone"),
        (["add", "clip", "--from", "/nowhere/ViT.pt"], "found nothing there"),
    ],
)
def test_words_that_do_not_fit_are_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in failed(arguments, capsys)
