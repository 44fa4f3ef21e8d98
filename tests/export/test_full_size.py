"""A published checkpoint of full size: exported, checked and played in one go."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import ManualRig
from scores import features

from scorelock.bridge import cli
from scorelock.bridge.simulate import reaper
from scorelock.bridge.transport import Position, Roll, Stop
from scorelock.engine.arrange import arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.features import SEMANTIC_WIDTH
from scorelock.engine.score import ComposeSettings
from scorelock.export.bench_decode import PUBLISHED_SIZES
from scorelock.export.command import PUBLISHED
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes


def test_a_checkpoint_of_full_size_becomes_music(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", **PUBLISHED_SIZES, standardised=False))
    gru = BiGru(GruSizes("published", standardised=False))
    for model, name in zip((amt, gru), PUBLISHED, strict=True):
        torch.save(model.state_dict(), tmp_path / name)
    bundle = tmp_path / "bundle"
    assert cli.main(["export", str(tmp_path), "-o", str(bundle), "--precision", "int8"]) == 0
    assert cli.main(["doctor", "--bundle", str(bundle)]) in (0, 1)  # 1: no MIDI on this machine
    said = capsys.readouterr().out
    assert "published features, 32418975 parameters; int8" in said
    assert "over 300 chords" in said

    plain = features(20.0)
    clip = np.random.default_rng(0).standard_normal((len(plain), SEMANTIC_WIDTH))
    seen = replace(plain, semantic=clip.astype(np.float32))
    performance = arrange(compose(seen, Bundle.open(bundle), ComposeSettings()))
    moves = (Position(0, 0.0), Roll(0.0), Stop(21.0))
    sent = [data for _, data in ManualRig(performance).hear(reaper(moves, 21.5), 22.0).sent]
    strikes, ends = (sum(data[0] & 0xF0 == kind for data in sent) for kind in (0x90, 0x80))
    assert strikes == ends == len(performance.notes) > 20
