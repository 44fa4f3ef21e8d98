"""`scorelock export` as its users meet it: what it reads, what it proves, what it says."""

import itertools
import json
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from training.muvi_tree import write_pack, write_tree

from scorelock.bridge.cli import main
from scorelock.engine.bundle import Bundle
from scorelock.engine.features import WIDTH, Layout
from scorelock.export import hits
from scorelock.export.command import PRECISIONS, PUBLISHED
from scorelock.export.layers import Precision
from scorelock.export.published import save_published
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.batches import split_tokens
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.songs import Example

SONGS = 3
KEYS = ("hits1", "hits3", "hits5")


def models(layout: Layout) -> tuple[Amt, BiGru]:
    """Random models with a film window shorter than the songs."""
    torch.manual_seed(0)
    amt = Amt(AmtSizes(layout, 32, 2, 1, 1, 32, window=24, standardised=False)).eval()
    torch.nn.init.normal_(amt.Wout.bias, std=2)  # some chords are likelier, as a trained model has
    return amt, BiGru(GruSizes(layout, 4, standardised=False)).eval()


def songs(layout: Layout) -> list[Example]:
    """Some songs of both modes."""
    made = []
    for seed in range(SONGS):
        rng = np.random.default_rng(seed)
        seconds = 20 + 8 * seed
        features = rng.uniform(0, 1, (seconds, WIDTH[layout])).astype(np.float32)
        features[:, -8] = np.arange(seconds) % 7 + 1
        made.append(
            Example(
                name=f"{seed:03}",
                features=features,
                film=True,
                minor=bool(seed % 2),
                chords=rng.integers(1, 157, seconds // 2 + 1).repeat(2)[:seconds],
                density=rng.uniform(0, 20, seconds).astype(np.float32),
                loudness=rng.uniform(0, 0.4, seconds).astype(np.float32),
            )
        )
    return made


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[[Layout], list[Path]]:
    """Writes the two weight files of a layout."""

    def write(layout: Layout) -> list[Path]:
        files = [tmp_path / layout / name for name in PUBLISHED]
        files[0].parent.mkdir()
        for file, model in zip(files, models(layout), strict=True):
            torch.save(model.state_dict(), file)
        return files

    return write


def export(*words: object) -> dict[str, Any]:
    """Run the command, which must do it, and read the manifest."""
    assert main(["export", *map(str, words)]) == 0
    manifest: dict[str, Any] = json.loads((Path(str(words[-1])) / "manifest.json").read_text())
    return manifest


def hits_by_hand(amt: Amt, songs: list[Example]) -> dict[str, float]:
    """Kang et al. 2024, section 5.2, straight from PyTorch: is the true chord among the first k?"""
    found: dict[str, list[float]] = {key: [] for key in KEYS}
    for song in (song.crop(0, amt.sizes.window) for song in songs):
        chords = torch.from_numpy(song.chords)[None]
        with torch.inference_mode():
            logits = amt(
                torch.from_numpy(song.features)[None],
                None,
                split_tokens(chords[:, :-1]),
                torch.tensor([float(song.minor)]),
            )[0]
        for key in KEYS:
            first = logits.topk(int(key[-1])).indices
            found[key].append(float((first == chords[0, 1:, None]).any(-1).double().mean()))
    return {key: float(np.mean(values)) for key, values in found.items()}


def test_the_published_pair_as_a_folder_or_as_two_files_in_any_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same bundle each time; what no model reads is named once and kept in mind."""
    pair = tmp_path / "pair"
    save_published(*models("published"), pair)
    files = [pair / name for name in PUBLISHED]
    capsys.readouterr()
    made = []
    for index, sources in enumerate(([pair], files, files[::-1])):
        made.append(export(*sources, "--name", "x", "-o", tmp_path / f"out{index}"))
        out, err = capsys.readouterr()
        assert out.count("\n") == err.count("\n") == 1
        for module in ("embedding", "condition_linear", "Wout_root", "bilstm", "gru", "fc"):
            assert f" {module}" in err
        assert "embedding_root" not in err
        assert "left out 41 tensors" in err
    assert made[0]["files"] == made[1]["files"] == made[2]["files"]
    unused = made[0]["training"]["left_out"]
    assert len(unused) == len(set(unused)) == 41  # of the public code's 7 and 34
    assert made[0]["sizes"]["d_model"] == 32
    assert made[0]["window"] == 24


def test_songs_prove_what_an_export_costs(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In fp32 nothing; the numbers are those of the weights in PyTorch, counted by hand."""
    own = songs("picture")
    write_pack(tmp_path / "songs.npz", {"train": own[:1], "val": own[1:]})
    files = checkpoint("picture")
    proof = export(*files, "--data", tmp_path / "songs.npz", "-o", tmp_path / "out")["parity"]
    wanted = hits_by_hand(models("picture")[0], own[1:])
    assert 0 < wanted["hits5"] < 1
    assert proof["hits"] == {
        "songs": 2,
        "model": pytest.approx(wanted),
        "bundle": pytest.approx(wanted),
        "change": pytest.approx(dict.fromkeys(KEYS, 0.0), abs=1e-9),
    }
    assert proof["argmax_agreement_on_data"] == 1
    assert Bundle.open(tmp_path / "out").manifest.parity == proof
    said = capsys.readouterr().out
    assert f"@1 {wanted['hits1']:.4f} (+0.0000)" in said
    assert "on 2 songs" in said


def test_fewer_bits_cost_what_the_proof_says(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path
) -> None:
    write_pack(tmp_path / "songs.npz", {"val": songs("picture")})
    files, data = checkpoint("picture"), ("--data", tmp_path / "songs.npz")
    proof = export(*files, *data, "--precision", "int8", "-o", tmp_path / "out")["parity"]
    assert proof["precision"] == "int8"
    assert 1e-4 < proof["max_abs_difference"] < 1
    assert 0.9 < proof["argmax_agreement_on_data"] <= 1
    rows = proof["hits"]
    assert rows["model"] == pytest.approx(hits_by_hand(models("picture")[0], songs("picture")))
    for key in KEYS:
        assert rows["change"][key] == pytest.approx(rows["bundle"][key] - rows["model"][key])


def test_songs_of_all_splits_where_none_are_held_out(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path
) -> None:
    """Here from MuVi-Sync's own tree, for a model that reads CLIP's features, too."""
    own = songs("published")
    write_tree(tmp_path / "tree", {"train": own[:2], "test": own[2:]})
    files = checkpoint("published")
    proof = export(*files, "--data", tmp_path / "tree", "-o", tmp_path / "out")["parity"]
    assert proof["hits"]["songs"] == SONGS
    assert proof["hits"]["model"] == pytest.approx(hits_by_hand(models("published")[0], own))


def test_songs_that_cannot_be_used_are_named(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(tmp_path / "tree", {"val": songs("picture")})
    (tmp_path / "tree/vevo_motion/all/001.lab").unlink()
    files = checkpoint("picture")
    proof = export(*files, "--data", tmp_path / "tree", "-o", tmp_path / "out")["parity"]
    assert proof["hits"]["songs"] == SONGS - 1
    assert "left out tree 001: vevo_motion" in capsys.readouterr().err


def test_a_bundle_takes_its_place_only_after_its_proof(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while it scores songs, the older bundle stands as it was and nothing beside it."""
    write_pack(tmp_path / "songs.npz", {"val": songs("picture")})
    files, place = checkpoint("picture"), tmp_path / "bundles"
    export(*files, "--name", "older", "-o", place / "out")

    def stopped(*_: object) -> None:
        assert len(list(place.iterdir())) == 2
        raise KeyboardInterrupt

    monkeypatch.setattr(hits, "song_logits", stopped)
    words = [*files, "--data", tmp_path / "songs.npz", "-o", place / "out"]
    assert main(["export", *map(str, words)]) == 130
    assert [path.name for path in place.iterdir()] == ["out"]
    assert Bundle.open(place / "out").manifest.name == "older"


@pytest.mark.parametrize("opset", [18, 21])
def test_graphs_are_of_the_operator_set_that_was_asked_for(
    checkpoint: Callable[[Layout], list[Path]], tmp_path: Path, opset: int
) -> None:
    manifest = export(*checkpoint("picture"), "--opset", opset, "-o", tmp_path / "out")
    assert manifest["parity"]["opset"] == opset
    graphs = sorted((tmp_path / "out").glob("*.onnx"))
    found = {
        entry.version
        for graph, domain in itertools.product(graphs, ("", "ai.onnx"))
        for entry in onnx.load(graph, load_external_data=False).opset_import
        if entry.domain == domain
    }
    assert found == {opset}


def test_every_precision_can_be_asked_for() -> None:
    assert typing.get_args(Precision) == PRECISIONS
