"""`scorelock evaluate` as a user runs it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from scorelock.bridge.cli import main
from scorelock.engine.bundle import BASELINES, find_bundle
from scorelock.training.corpora import read_corpora
from scorelock.training.evaluation.baselines import Baselines
from scorelock.training.evaluation.report import tables

ROWS = {
    "model": {
        *("hits1", "hits3", "hits5", "hits1_change", "chord_loss", "affective_loss"),
        *("density_rmse_padded", "density_rmse", "loudness_rmse_padded", "loudness_rmse"),
    },
    "repeat_last": {"hits1", "hits3", "hits5", "hits1_change"},
    "most_frequent": {"hits1", "hits3", "hits5", "hits1_change"},
    "trigram": {"hits1", "hits3", "hits5", "hits1_change"},
    "mean_predictor": {
        *("density_rmse_padded", "density_rmse", "loudness_rmse_padded", "loudness_rmse"),
    },
    "generated": {
        *("swap_chords_changed", "swap_valence_shift", "valence_spearman"),
        *("minor_ratio_sad_exciting", "diatonic_share", "bigram_divergence"),
    },
}


def evaluated(
    capsys: pytest.CaptureFixture[str], *arguments: object
) -> dict[str, dict[str, float]]:
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    report: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out)
    return report


def test_all_rows_are_there_and_a_seed_decides_them(
    corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = corpora / "muvisync.npz"
    first = evaluated(capsys, "--data", data, "--card", corpora / "card.md")
    card = (corpora / "card.md").read_text()
    assert f"{first['model']['hits1']:.4f}" in card
    assert "not verified" in card  # what the manifest says of MuVi-Sync's licence
    assert f"{first['generated']['swap_chords_changed']:.4g}" in card
    for row, keys in ROWS.items():
        assert keys <= first[row].keys(), row
    assert evaluated(capsys, "--data", data) == first
    other = evaluated(capsys, "--data", data, "--seed", 7)
    assert other["model"] == first["model"]
    assert other["generated"] != first["generated"]


def test_songs_kept_aside_are_scored_by_the_counts_beside_the_model(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with one split alone needs the training songs' counts from elsewhere."""
    learnt = Baselines.of(read_corpora(corpora, ("muvisync",), "train", "picture").songs)
    whole = evaluated(capsys, "--data", corpora / "muvisync.npz", "--no-composing")
    with np.load(corpora / "muvisync.npz") as pack:
        content = {name: pack[name] for name in pack.files}
    content["split"] = np.where(content["split"] == "val", "test", "kept away")
    np.savez(tmp_path / "aside.npz", **content)
    bundle = tmp_path / "bundle"
    shutil.copytree(find_bundle(), bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    del manifest["files"][BASELINES]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    learnt.save(bundle / BASELINES)
    found = evaluated(
        capsys, bundle, "--data", tmp_path / "aside.npz", "--split", "test", "--no-composing"
    )
    assert found == whole
    (bundle / BASELINES).unlink()
    assert main(["evaluate", str(bundle), "--data", str(tmp_path / "aside.npz")]) == 2
    assert "val" in capsys.readouterr().err


def test_the_tables_show_every_row(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = evaluated(capsys, "--data", corpora / "muvisync.npz", "--songs", 1)
    console = Console(width=160)
    with console.capture() as shown:
        for table in tables(report, "starter"):
            console.print(table)
    for row in ROWS:
        if row != "generated":
            assert row.replace("_", " ") in shown.get()
    assert f"{report['model']['hits1']:.4f}" in shown.get()
    assert "hdim7" in shown.get()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--affect", "2"], "--affect"),
        (["--seed", "-1"], "--seed"),
        (["--songs", "0"], "--songs"),
        (["--split", "test"], "test"),
        (["nowhere"], "nowhere"),
        (["one", "two"], "2 folders"),
    ],
)
def test_what_cannot_be_scored_is_said_in_one_line(
    corpora: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["evaluate", *arguments, "--data", str(corpora / "muvisync.npz")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


AMT = """
[model]
layout = "picture"
d_model = 8
heads = 2
encoder_layers = 1
decoder_layers = 1
feed_forward = 8
[[stages]]
corpora = ["muvisync"]
epochs = 1
learning_rate = 1e-2
"""
DYNAMICS = """
[model]
kind = "surround"
layout = "picture"
hidden = 4
[[stages]]
corpora = ["muvisync"]
epochs = 1
learning_rate = 1e-2
"""


def test_runs_score_as_the_bundle_made_of_them(
    corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """PyTorch and ONNX Runtime, the same numbers."""
    runs = {name: corpora / name for name in ("amt", "dynamics", "recall")}
    fit = f'start = "{runs["amt"]}"\n[fit]\nsteps = 5\nsongs = 2\n'
    for (name, folder), config in zip(runs.items(), (AMT, DYNAMICS, fit), strict=True):
        path = corpora / f"{name}.toml"
        path.write_text(config)
        command = ["train", name, str(path), "--data", str(corpora), "-o", str(folder)]
        assert main([*command, "--device", "cpu"] if name != "recall" else command) == 0
    assert main(["export", *map(str, runs.values()), "-o", str(corpora / "bundle")]) == 0
    capsys.readouterr()
    data = ("--data", corpora, "--no-composing")
    of_runs = evaluated(capsys, runs["recall"], runs["amt"], runs["dynamics"], *data)
    of_bundle = evaluated(capsys, corpora / "bundle", *data)
    assert of_runs.keys() == of_bundle.keys() >= {"without_recall"}
    for row, values in of_bundle.items():
        assert of_runs[row] == pytest.approx(values, abs=1e-4), row
    alone = evaluated(capsys, runs["dynamics"], *data)
    assert alone["model"].items() <= of_runs["model"].items()
    assert "repeat_last" not in alone
    (runs["recall"] / "recall.json").write_text("{}")
    assert main(["evaluate", str(runs["amt"]), str(runs["recall"]), "--data", str(corpora)]) == 2
    assert "recall.json" in capsys.readouterr().err
