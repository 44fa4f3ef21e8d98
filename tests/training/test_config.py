"""Settings are understood, or refused in one line that names the key."""

import re
from pathlib import Path

import pytest
from training.configs import AMT, CONFIG

from scorelock.engine.errors import BadSetting
from scorelock.training.config import (
    AffectConfig,
    AmtConfig,
    DynamicsConfig,
    RecallConfig,
    read_config,
)
from scorelock.training.surround import SurroundSizes

EXAMPLES = Path(__file__).parents[2] / "examples" / "training"
KINDS: dict[str, type] = {
    "amt": AmtConfig,
    "dynamics": DynamicsConfig,
    "recall": RecallConfig,
    "affect": AffectConfig,
}


def test_a_stage_longer_than_the_window(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(AMT.replace("heads = 2", "heads = 2\nwindow = 64"))
    with pytest.raises(BadSetting, match="at most 64 seconds"):
        read_config(path, AmtConfig)


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


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_are_understood_and_say_how_they_are_run(path: Path) -> None:
    command = re.search(r"#   scorelock train (\w+) (\S+) --data DIR -o (\w+)", path.read_text())
    assert command is not None
    what, file, run_folder = command.groups()
    assert (file, run_folder) == (path.name, path.stem)
    config: object = read_config(path, KINDS[what])
    start = getattr(config, "start", "")
    assert not start or (EXAMPLES / f"{start}.toml").is_file()


def test_the_kind_of_a_dynamics_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(model='kind = "surround"\nhidden = 4'))
    assert isinstance(read_config(path, DynamicsConfig).model, SurroundSizes)
    path.write_text(CONFIG.format(model='kind = "lstm"'))
    with pytest.raises(BadSetting, match="bigru, surround"):
        read_config(path, DynamicsConfig)
