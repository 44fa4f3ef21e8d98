"""Weights are read safely, and what does not fit is listed."""

import io
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import (
    amt_from_state,
    bigru_from_state,
    left_out,
    load_state,
    save,
    surround_from_state,
    take_matching,
    write,
)

SIZES = AmtSizes("published", 16, 2, 1, 2, 8, window=20, standardised=False)


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return dict(Amt(SIZES).state_dict())


@pytest.mark.parametrize("layout", ["published", "picture"])
@pytest.mark.parametrize("standardised", [True, False])
def test_sizes_are_read_off_the_tensors(layout: str, standardised: bool, tmp_path: Path) -> None:
    amt = Amt(AmtSizes(layout, 24, 3, 1, 3, 10, window=20, standardised=standardised))  # type: ignore[arg-type]
    gru = BiGru(GruSizes(layout, hidden=5, layers=3, standardised=standardised))  # type: ignore[arg-type]
    save(tmp_path / "amt.pt", {"model": amt.state_dict()})
    save(tmp_path / "gru.pt", gru.state_dict())
    read, read_gru = (
        amt_from_state(load_state(tmp_path / "amt.pt")),
        bigru_from_state(load_state(tmp_path / "gru.pt")),
    )
    assert (read.sizes, read_gru.sizes) == (amt.sizes, gru.sizes)
    for name, tensor in amt.state_dict().items():
        assert torch.equal(read.state_dict()[name], tensor)


def test_unused_tensors_of_the_public_files_are_left_out(state: dict[str, torch.Tensor]) -> None:
    state |= {"embedding.weight": torch.zeros(159, 16), "Wout_root.weight": torch.zeros(15, 16)}
    assert amt_from_state(state).sizes == SIZES
    assert left_out(state) == ["embedding.weight", "Wout_root.weight"]
    gru = dict(BiGru(GruSizes("published", 4, standardised=False)).state_dict())
    assert bigru_from_state(gru | {"lstm.bias_hh_l0": torch.zeros(3)}).sizes.hidden == 4


def test_all_differences_are_listed_in_one_line(state: dict[str, torch.Tensor]) -> None:
    del state["Wout.bias"]
    state["surprise"] = torch.zeros(1)
    state["Linear_chord.weight"] = torch.zeros(16, 3)
    with pytest.raises(BadBundle) as caught:
        amt_from_state(state)
    message = str(caught.value)
    assert "missing Wout.bias" in message
    assert "unexpected surprise" in message
    assert "Linear_chord.weight is [16, 3] not [16, 17]" in message
    assert "\n" not in message


def test_weights_that_are_not_finite_are_named(state: dict[str, torch.Tensor]) -> None:
    for value in (float("nan"), float("inf")):
        damaged = state | {"Wout.bias": torch.full((159,), value)}
        with pytest.raises(BadBundle, match=r"Wout\.bias is not finite") as caught:
            amt_from_state(damaged)
        assert "Linear_vis" not in str(caught.value)


def test_features_that_say_nothing_are_no_damage() -> None:
    """A run without films divides its features by infinity."""
    model = Amt(AmtSizes("picture", 16, 2, 1, 2, 8, window=20))
    model.standardise.std.fill_(float("inf"))
    assert amt_from_state(model.state_dict()).sizes == model.sizes


def test_a_start_takes_what_agrees_and_refuses_what_does_not_at_all() -> None:
    other = Amt(AmtSizes("picture", 16, 2, 1, 1, 8, window=20))
    model = Amt(SIZES)
    taken = take_matching(model, other.state_dict())
    assert "Wout.weight" in taken
    assert "Linear_vis.weight" not in taken
    assert torch.equal(model.Wout.weight, other.Wout.weight)
    # Of these the tables of positions agree alone, which are not learned.
    stranger = {name: torch.zeros(1) for name, _ in model.named_parameters()}
    stranger["positional_encoding.pe"] = model.positional_encoding.pe
    with pytest.raises(BadSetting, match="start from a run of like sizes"):
        take_matching(model, stranger)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("Linear_vis.weight", torch.zeros(16, 5)),
        ("Linear_vis.weight", torch.zeros(15, 776)),
        ("Linear_vis.weight", torch.zeros(16)),
        ("transformer.decoder.layers.0.self_attn.Er", torch.zeros(20, 0)),
        ("transformer.decoder.layers.0.linear1.weight", torch.tensor(1.0)),
        ("transformer.decoder.layers.0.self_attn.Er", torch.zeros(0, 8)),
        ("transformer.decoder.layers.0.self_attn.Er", torch.zeros(20, 5)),
        ("transformer.decoder.layers.999999999.norm1.weight", torch.zeros(16)),
        ("Wout.bias", torch.zeros(159, dtype=torch.int64)),
        ("Wout.bias", torch.zeros(159, dtype=torch.complex64)),
        ("Wout.bias", torch.full((159,), 1e300, dtype=torch.float64)),
    ],
)
def test_tensors_that_no_model_has(
    state: dict[str, torch.Tensor], name: str, tensor: torch.Tensor
) -> None:
    with pytest.raises(BadBundle) as caught:
        amt_from_state(state | {name: tensor})
    assert "\n" not in str(caught.value)


def test_an_odd_width_has_no_sinusoids(state: dict[str, torch.Tensor]) -> None:
    odd = {"Linear_vis.weight": torch.zeros(15, 776)}
    odd["transformer.decoder.layers.0.self_attn.Er"] = torch.zeros(20, 5)
    with pytest.raises(BadBundle, match="even width"):
        amt_from_state(state | odd)


def test_sizes_beyond_any_memory_are_refused_before_it_is_taken(
    state: dict[str, torch.Tensor],
) -> None:
    """One wide matrix asks for terabytes of others; that these are missing is told at once."""
    wide = {"Linear_vis.weight": torch.zeros(2_000_000, 8)}
    with pytest.raises(BadBundle, match=r"not \[2000000, 2000001\]"):
        amt_from_state(state | wide)


def test_half_precision_is_read_into_single(state: dict[str, torch.Tensor]) -> None:
    for dtype in (torch.float16, torch.float64):
        model = amt_from_state({name: tensor.to(dtype) for name, tensor in state.items()})
        assert {t.dtype for t in model.state_dict().values()} == {torch.float32}


def test_something_else_entirely() -> None:
    """It is told what the file holds, in few words and none that could upset a terminal."""
    stranger = {f"layer\n\x1b[31m{i}.weight": torch.zeros(3) for i in range(100)}
    for read in (amt_from_state, bigru_from_state, surround_from_state):
        with pytest.raises(BadBundle, match=r"expected a tensor .* and 95 more") as caught:
            read(stranger)
        assert str(caught.value).isprintable()


class Trap:
    """Unpickled carelessly, this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path, str]]:
        return Path.write_text, (self.path, "caught")


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "a").write_bytes(pickle.dumps(Trap(victim)))
    torch.save({"model": Trap(victim)}, tmp_path / "b")
    for name in ("a", "b"):
        with pytest.raises(BadBundle, match="damaged or unsafe"):
            load_state(tmp_path / name)
    assert not victim.exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short(tmp_path: Path, share: float, state: dict[str, torch.Tensor]) -> None:
    path = tmp_path / "weights"
    save(path, state)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadBundle, match="damaged or unsafe") as caught:
        load_state(path)
    assert "\n" not in str(caught.value)


def test_other_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="expected a checkpoint at"):
        load_state(tmp_path / "nothing")
    torch.save([1, 2], tmp_path / "list")
    torch.save({"a": 3}, tmp_path / "number")
    torch.save({1: torch.zeros(1)}, tmp_path / "nameless")
    with pytest.raises(BadBundle, match="dictionary"):
        load_state(tmp_path / "list")
    for name in ("number", "nameless"):
        with pytest.raises(BadBundle, match="named tensors"):
            load_state(tmp_path / name)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(10**6, 10**6),
        torch.zeros(3, device="meta"),
        torch.eye(3).to_sparse(),
    ],
    ids=["repeated", "without storage", "sparse"],
)
def test_tensors_that_promise_more_than_the_file_holds(
    tmp_path: Path, tensor: torch.Tensor
) -> None:
    torch.save({"fine": torch.zeros(1), "odd.weight": tensor}, tmp_path / "weights")
    with pytest.raises(BadBundle, match=r"got odd\.weight without"):
        load_state(tmp_path / "weights")


def test_a_file_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    """Torch would read the parts of a packed archive, whatever they grow to."""
    plain = io.BytesIO()
    torch.save({"weight": torch.zeros(100_000)}, plain)
    with (
        zipfile.ZipFile(plain) as parts,
        zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in parts.namelist():
            packed.writestr(part, parts.read(part))
    assert torch.load(tmp_path / "bomb", weights_only=True)["weight"].numel() == 100_000
    with pytest.raises(BadBundle, match="unpack to"):
        load_state(tmp_path / "bomb")


def test_a_full_disk_is_named(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    beside = tmp_path / "weights"
    beside.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write(beside, state)


def test_saving_leaves_the_old_file_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "weights"
    save(path, state)

    def killed(beside: Path, content: bytes) -> None:
        with beside.open("wb") as file:
            file.write(bytes(content)[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt):
        save(path, {})
    assert load_state(path).keys() == state.keys()
    assert [found.name for found in tmp_path.iterdir()] == ["weights"]
