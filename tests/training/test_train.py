"""Training learns, stops, survives being killed, and refuses settings that make no sense."""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from training.configs import AMT, CONFIG
from training.labelled import labelled

from scorelock.engine.errors import BadSetting
from scorelock.engine.prior import AffectScale
from scorelock.engine.recall import RecallWeights
from scorelock.training import command
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.batches import Augment, Batch
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import amt_from_state, load_state
from scorelock.training.command import add_arguments, run
from scorelock.training.config import (
    Optimise,
    Stage,
)
from scorelock.training.losses import LossWeights
from scorelock.training.songs import Example
from scorelock.training.train import (
    Progress,
    Shell,
    Task,
    amt_task,
    dynamics_task,
    fit_standardise,
    fit_targets,
    train,
)

SIZES = AmtSizes("picture", 16, 2, 1, 1, 16, window=64)
SETTINGS = Optimise(batch=4, warmup_steps=5, patience=99)
VARIED = Augment(no_film=0.3, stretch=0.2, transpose=0.3)

Make = Callable[..., Example]


def shell(progress: Progress = lambda batches, _: batches) -> Shell:
    """One CPU, and a clock that is a second on at every look."""
    return Shell(Fabric(accelerator="cpu", devices=1), count().__next__, progress)


def make_task(songs: Sequence[Example]) -> tuple[Amt, Task]:
    torch.manual_seed(0)
    model = Amt(SIZES)
    fit_standardise(model.standardise, songs)
    return model, amt_task(model, LossWeights(1.0, 0.1), songs)


def test_a_killed_run_ends_like_one_that_was_not(tmp_path: Path, song: Make) -> None:
    songs = [song(20 + seed, seed, film=seed % 3 > 0) for seed in range(10)]
    stages = [
        (Stage((), 3, 1e-2, seconds=16, augment=VARIED), songs),
        (Stage((), 2, 1e-3), songs[:5]),
    ]
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()
    whole, task = make_task(songs)
    train(task, stages, SETTINGS, tmp_path / "whole", shell())

    for last_batch in (2, 7, 4):  # in the first epoch, in the third, and in the next stage
        left = last_batch

        def killing(batches: Sequence[Batch], _: str) -> Iterable[Batch]:
            nonlocal left
            for batch in batches:
                if not left:
                    raise KeyboardInterrupt
                left -= 1
                yield batch

        _, task = make_task(songs)
        with pytest.raises(KeyboardInterrupt):
            train(task, stages, SETTINGS, tmp_path / "killed", shell(killing))
    resumed, task = make_task(songs)
    train(task, stages, SETTINGS, tmp_path / "killed", shell())

    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, msg=name)
    logs = [(tmp_path / folder / "log.csv").read_text() for folder in ("whole", "killed")]
    assert logs[0] == logs[1]
    rows = list(csv.DictReader(logs[0].splitlines()))
    assert [row["stage"] + row["epoch"] for row in rows] == ["00", "01", "02", "10", "11"]
    # The clock ticks once for the steps and once for the validation.
    assert {row["seconds"] for row in rows} == {"2"}
    assert [float(row["songs_per_second"]) for row in rows] == [10, 10, 10, 5, 5]
    assert float(rows[2]["learning_rate"]) < float(rows[1]["learning_rate"]) < 1e-2


def test_it_learns_a_cycle(tmp_path: Path, song: Make) -> None:
    """Songs that hold four seconds and go round can be foretold; ln 4 is a guess among four."""
    songs = [song(32, seed) for seed in range(8)]
    _, task = make_task(songs)
    settings = Optimise(batch=4, warmup_steps=5, dropout=0, patience=99)
    history = train(task, [(Stage((), 25, 1e-2), songs)], settings, tmp_path, shell())
    assert history[0]["validation"] > 2
    assert history[-1]["validation"] < 1


def test_the_best_epoch_is_kept_and_patience_ends(tmp_path: Path, song: Make) -> None:
    """Chords that say nothing of the held-out ones: soon the validation only rises."""
    songs, other = [song(30, 0)], [song(30, 3)]
    torch.manual_seed(0)
    model = Amt(SIZES)
    task = amt_task(model, LossWeights(1.0, 0.0), other)
    settings = Optimise(batch=1, warmup_steps=1, patience=3)
    history = train(task, [(Stage((), 100, 2e-2), songs)], settings, tmp_path, shell())
    scores = [row["validation"] for row in history]
    assert len(scores) == scores.index(min(scores)) + 1 + 3
    assert task.validate(300) == pytest.approx(min(scores), rel=1e-5)
    best = amt_from_state(load_state(tmp_path / "best.pt"))
    assert torch.equal(best.Wout.weight, model.Wout.weight)


def test_dynamics_are_learned_from_motion(tmp_path: Path, song: Make) -> None:
    """In these songs density and loudness are lines in the motion; the mean alone scores 1."""
    songs = [song(40, seed) for seed in range(8)]
    torch.manual_seed(0)
    model = BiGru(GruSizes("picture", hidden=8, layers=1))
    fit_standardise(model.standardise, songs)
    fit_targets(model, songs)
    settings = Optimise(batch=4, warmup_steps=5, dropout=0, patience=99)
    history = train(
        dynamics_task(model, songs),
        [(Stage((), 20, 4e-2, augment=Augment(no_film=0)), songs)],
        settings,
        tmp_path,
        shell(),
    )
    assert history[-1]["validation"] < 0.1


def test_without_films_the_picture_says_nothing(song: Make) -> None:
    model = Amt(SIZES).eval()
    fit_standardise(model.standardise, [song(20, film=False)])
    with torch.inference_mode():
        one, other = (model.encode(rows) for rows in (torch.rand(1, 9, 8), torch.zeros(1, 9, 8)))
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_a_loss_that_explodes_is_named(tmp_path: Path, song: Make) -> None:
    songs = [song(20)]
    model, task = make_task(songs)
    torch.nn.init.constant_(model.Wout.weight, float("nan"))
    with pytest.raises(BadSetting, match="lower the learning rate"):
        train(task, [(Stage((), 1, 1.0), songs)], SETTINGS, tmp_path, shell())


def arguments(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


@pytest.mark.parametrize(
    ("what", "config"), [("amt", AMT), ("dynamics", CONFIG.format(model="hidden = 4"))]
)
def test_the_command_trains_scores_and_does_not_mix_runs(
    corpora: Path, what: str, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = corpora / "config.toml", corpora / "run"
    path.write_text(config)
    assert run(arguments(what, path, "--data", corpora, "-o", out)) == 0
    about = json.loads((out / "run.json").read_text())
    assert about["epochs"] == 2
    assert about["songs"] == {"plain": 6, "muvisync": 6}
    assert "model" in about["scores"]
    assert "rmse" in capsys.readouterr().out or what == "amt"
    path.write_text(config.replace("epochs = 2", "epochs = 3"))
    with pytest.raises(BadSetting, match="other settings"):
        run(arguments(what, path, "--data", corpora, "-o", out))


def on_two_processes(*words: object) -> None:
    """Run the command as a user would, on two CPU processes."""
    roots = [str(Path(__file__).parents[2] / root) for root in ("bridge", "engine", "export")]
    program = [sys.executable, "-m", "scorelock.bridge.cli", "train"]
    done = subprocess.run(
        [*program, *map(str, words), "--device", "cpu", "--devices", "2"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(roots), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"most_frequent"') == 1  # one of them speaks


def test_two_processes_train_as_one_does(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve songs in elevens: of each last batch, which is one song, the second has no share.

    It makes no difference either when two go on with what one has begun.
    """
    path = corpora / "config.toml"
    path.write_text(AMT.replace("batch = 4", "batch = 11\ndropout = 0.0"))
    words = {name: ("amt", path, "--data", corpora, "-o", corpora / name) for name in "abc"}
    assert run(arguments(*words["a"], "--device", "cpu")) == 0
    on_two_processes(*words["b"])

    def killing(batches: Sequence[Batch], title: str) -> Iterable[Batch]:
        if title.endswith("epoch 2"):
            raise KeyboardInterrupt
        return batches

    monkeypatch.setattr(command, "_progress", killing)
    with pytest.raises(KeyboardInterrupt):
        run(arguments(*words["c"], "--device", "cpu"))
    on_two_processes(*words["c"])

    one = read_log(corpora / "a")
    assert len(one) == 2
    for name in "bc":
        for row, other in zip(one, read_log(corpora / name), strict=True):
            for column in ("train", "validation", "learning_rate"):
                assert float(row[column]) == pytest.approx(float(other[column]), rel=1e-5)


def read_log(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "log.csv").read_text().splitlines()))


def test_shares_make_the_whole(song: Make) -> None:
    """The processes' parts of the loss add up to it, whatever the lengths, films and shares."""
    songs = [song(9 + seed, seed, film=seed != 1) for seed in range(3)]
    model, task = make_task(songs)
    model.eval()
    regressor = BiGru(GruSizes("picture", hidden=4, layers=1)).eval()
    batch = Batch.of(songs)
    for each in (task, dynamics_task(regressor, songs)):
        entries = each.entries(batch)
        whole = each.minimised(each.model, batch, entries)
        for world in (2, 3, 5):
            parts = [
                each.minimised(each.model, batch.share(rank, world), entries)
                for rank in range(world)
            ]
            torch.testing.assert_close(sum(parts), whole)
            assert all(part.requires_grad for part in parts)


def test_a_published_layout_trains_as_it_will_run(tmp_path: Path, song: Make) -> None:
    """What it reaches on short songs is what it gives on the same songs padded by hand."""
    songs = [
        replace(one, features=np.pad(one.features, ((0, 0), (768, 0))))
        for one in (song(20 + seed, seed) for seed in range(4))
    ]
    torch.manual_seed(0)
    model = BiGru(GruSizes("published", hidden=4, layers=1))
    fit_standardise(model.standardise, songs)
    fit_targets(model, songs)
    task = dynamics_task(model, songs)
    settings = Optimise(batch=4, warmup_steps=1, dropout=0)
    stage = Stage((), 2, 1e-3, augment=Augment(no_film=0))
    history = train(task, [(stage, songs)], settings, tmp_path, shell())
    errors = []
    for one in songs:
        rows = torch.zeros(1, 300, 776)
        rows[0, : len(one.features)] = torch.from_numpy(one.features)
        with torch.inference_mode():
            said = model.regress(rows)[0, : len(one.features)].numpy()
        truth = np.stack([one.density, one.loudness], axis=1)
        errors.append((said - truth) / model.output_std.numpy())
    assert np.square(np.concatenate(errors)).mean() == pytest.approx(
        history[-1]["validation"], rel=1e-4
    )


def test_a_start_is_taken_and_told(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = corpora / "config.toml"
    path.write_text(AMT)
    assert run(arguments("amt", path, "--data", corpora, "-o", corpora / "first")) == 0
    path.write_text(f'start = "{corpora / "first"}"\n' + AMT.replace("feed_forward = 8", HALF))
    assert run(arguments("amt", path, "--data", corpora, "-o", corpora / "second")) == 0
    start = json.loads((corpora / "second" / "run.json").read_text())["start"]
    assert "transformer.encoder.layers.0.linear1.weight" in start["left"]
    assert "Wout.weight" not in start["left"]
    assert start["taken"] + len(start["left"]) == len(load_state(corpora / "first" / "best.pt"))


HALF = "feed_forward = 4"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--devices", 0], "--devices of 1 or more"),
        (["--device", "cpu", "--precision", "16-mixed"], "bf16-mixed"),
    ],
)
def test_devices_that_are_not_there(corpora: Path, words: list[object], said: str) -> None:
    path = corpora / "config.toml"
    path.write_text(AMT)
    with pytest.raises(BadSetting, match=said):
        run(arguments("amt", path, "--data", corpora, "-o", corpora / "run", *words))
    assert not (corpora / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU where there is none")
def test_a_gpu_where_there_is_none(corpora: Path) -> None:
    path = corpora / "config.toml"
    path.write_text(AMT)
    with pytest.raises(BadSetting, match="expected 1 devices of kind cuda") as caught:
        run(arguments("amt", path, "--data", corpora, "-o", corpora / "run", "--device", "cuda"))
    assert "\n" not in str(caught.value)


def test_mixed_precision_keeps_weights_in_32_bits(corpora: Path) -> None:
    path, out = corpora / "config.toml", corpora / "run"
    path.write_text(AMT)
    words = ["--data", corpora, "-o", out, "--device", "cpu", "--precision", "bf16-mixed"]
    assert run(arguments("amt", path, *words)) == 0
    assert all(t.dtype == torch.float32 for t in load_state(out / "best.pt").values())
    exact = corpora / "exact"
    assert run(arguments("amt", path, "--data", corpora, "-o", exact, "--device", "cpu")) == 0
    one, other = (float(read_log(folder)[-1]["validation"]) for folder in (out, exact))
    assert one != other
    assert one == pytest.approx(other, rel=0.02)


def test_recall_and_affect_are_fitted_by_the_same_command(
    corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = corpora / "amt.toml"
    config.write_text(AMT)
    assert run(arguments("amt", config, "--data", corpora, "-o", corpora / "chords")) == 0
    config = corpora / "recall.toml"
    config.write_text(f'start = "{corpora / "chords"}"\n[fit]\nsteps = 3\nsongs = 2\n')
    assert run(arguments("recall", config, "--data", corpora, "-o", corpora / "recall")) == 0
    about = json.loads((corpora / "recall" / "run.json").read_text())
    assert about["scores"].keys() == {"cross_fitted", "without_recall"}
    weights = json.loads((corpora / "recall" / "recall.json").read_text())
    assert RecallWeights.parse(weights).sharpness > 0
    config = corpora / "affect.toml"
    config.write_text('corpora = ["made"]\n')
    labelled(corpora)
    assert run(arguments("affect", config, "--data", corpora, "-o", corpora / "affect")) == 0
    scales = json.loads((corpora / "affect" / "affect_scales.json").read_text())
    assert AffectScale.parse(scales["made"]).pieces == 60
    assert "pieces" in capsys.readouterr().out
    config.write_text('corpora = ["nowhere"]\n')
    with pytest.raises(BadSetting, match="nowhere"):
        run(arguments("affect", config, "--data", corpora, "-o", corpora / "other"))
