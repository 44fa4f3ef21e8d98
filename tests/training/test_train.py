"""Training learns, stops, survives being killed, and refuses settings that make no sense."""

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
import torch

from scorelock.engine.errors import BadSetting
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.batches import Augment, Batch
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import amt_from_state, load_state
from scorelock.training.command import add_arguments, run
from scorelock.training.config import AmtConfig, DynamicsConfig, Optimise, Stage, read_config
from scorelock.training.losses import LossWeights
from scorelock.training.songs import Example
from scorelock.training.train import (
    amt_task,
    dynamics_task,
    fit_standardise,
    fit_targets,
    train,
)

EXAMPLES = Path(__file__).parents[2] / "examples" / "training"
SIZES = AmtSizes("picture", 16, 2, 1, 1, 16, window=64)
SETTINGS = Optimise(batch=4, warmup_steps=5, patience=99)
VARIED = Augment(no_film=0.3, stretch=0.2, transpose=0.3)

Make = Callable[..., Example]


def make_task(songs: Sequence[Example]) -> tuple[Amt, object]:
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
    train(task, stages, SETTINGS, tmp_path / "whole")  # type: ignore[arg-type]

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
            train(task, stages, SETTINGS, tmp_path / "killed", killing)  # type: ignore[arg-type]
    resumed, task = make_task(songs)
    train(task, stages, SETTINGS, tmp_path / "killed")  # type: ignore[arg-type]

    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, msg=name)
    logs = [(tmp_path / folder / "log.csv").read_text() for folder in ("whole", "killed")]
    assert logs[0] == logs[1]
    assert [row["stage"] + row["epoch"] for row in csv.DictReader(logs[0].splitlines())] == [
        *("00", "01", "02"),
        *("10", "11"),
    ]


def test_it_learns_a_cycle(tmp_path: Path, song: Make) -> None:
    """Songs that hold four seconds and go round can be foretold; ln 4 is a guess among four."""
    songs = [song(32, seed) for seed in range(8)]
    _, task = make_task(songs)
    settings = Optimise(batch=4, warmup_steps=5, dropout=0, patience=99)
    history = train(task, [(Stage((), 25, 1e-2), songs)], settings, tmp_path)  # type: ignore[arg-type]
    assert history[0]["validation"] > 2
    assert history[-1]["validation"] < 1


def test_the_best_epoch_is_kept_and_patience_ends(tmp_path: Path, song: Make) -> None:
    """Chords that say nothing of the held-out ones: soon the validation only rises."""
    songs, other = [song(30, 0)], [song(30, 3)]
    torch.manual_seed(0)
    model = Amt(SIZES)
    task = amt_task(model, LossWeights(1.0, 0.0), other)
    settings = Optimise(batch=1, warmup_steps=1, patience=3)
    history = train(task, [(Stage((), 100, 2e-2), songs)], settings, tmp_path)
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
        train(task, [(Stage((), 1, 1.0), songs)], SETTINGS, tmp_path)  # type: ignore[arg-type]


CONFIG = """
[model]
layout = "picture"
{model}
[optimise]
batch = 4
warmup_steps = 2
[[stages]]
corpora = ["plain", "muvisync"]
epochs = 2
learning_rate = 1e-3
"""
AMT = CONFIG.format(
    model="d_model = 16\nheads = 2\nencoder_layers = 1\ndecoder_layers = 1\nfeed_forward = 8"
)


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("heads = 2", "haeds = 2", "unknown key 'haeds'"),
        ("heads = 2", "", "expected a key 'heads'"),
        ("heads = 2", 'heads = "two"', "heads: expected int, got 'two'"),
        ("heads = 2", "heads = true", "heads: expected int, got True"),
        ('"picture"', '"smell"', "layout"),
        ("epochs = 2", "epochs = 2.5", "stages[0]: epochs: expected int"),
        ("[model]", "[model", "expected a TOML file"),
        ("[optimise]", "[[optimise]]", "optimise: expected a table"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(AMT.replace(old, new, 1))
    with pytest.raises(BadSetting) as caught:
        read_config(path, AmtConfig)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(AMT.replace("1e-3", "1"))
    assert read_config(path, AmtConfig).stages[0].learning_rate == 1.0


def test_the_examples_are_understood() -> None:
    assert read_config(EXAMPLES / "starter_amt.toml", AmtConfig).model.layout == "picture"
    assert read_config(EXAMPLES / "starter_dynamics.toml", DynamicsConfig).model.layout == "picture"
