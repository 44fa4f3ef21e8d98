"""Listening is learned from pieces whose truth is known."""

from itertools import pairwise

import numpy as np
import pytest
from films_seen import film

pytest.importorskip("torch", reason="needs the [train] extra")

from training.heard_music import transcription

from scorelock.engine.bundle import Bundle
from scorelock.engine.score import ChordSpan
from scorelock.engine.vocabulary import Chord
from scorelock.export.fit_listening import fit_chords, fit_keys, softmax_fit
from scorelock.export.practice import practice
from scorelock.training.listening.chords import chords, evidence_of

WRITTEN = [np.array([Chord.parse(name).token for name in "C C F F G7 G7 C C Am Am".split() * 8])]


def test_a_softmax_learns_what_is_plain() -> None:
    draw = np.random.default_rng(0)
    told = draw.normal(size=(300, 12, 2))
    truth = np.stack([told[:, :, 0] * 3, told[:, :, 1] * 3], axis=2)
    right = np.zeros((300, 24), np.float32)
    right[np.arange(300), truth.reshape(300, 24).argmax(axis=1)] = 1
    weights, biases = softmax_fit(told, right.reshape(300, 12, 2), 2, 1e-4)
    found = (told @ weights + biases).reshape(300, 24).argmax(axis=1)
    assert (found == right.argmax(axis=1)).mean() > 0.95


def test_chords_are_learned_in_every_key_from_pieces_in_one() -> None:
    pitches = {"C": (48, 60, 64, 67), "Am": (45, 60, 64, 69), "G7": (43, 59, 62, 65)}
    pieces = []
    for names in (("C", "Am", "G7"), ("G7", "C", "Am")):
        heard = transcription(
            [(at * 3, at * 3 + 3, pitches[name]) for at, name in enumerate(names)], 9
        )
        spans = [ChordSpan(at * 3, at * 3 + 3, Chord.parse(n)) for at, n in enumerate(names)]
        pieces.append((evidence_of(heard), spans))
    judge = fit_chords(pieces)
    moved = [(at * 2, at * 2 + 2, tuple(p + 5 for p in pitches[n])) for at, n in enumerate(pitches)]
    tokens, _ = chords(evidence_of(transcription(moved, 6)), 6, judge)
    assert [Chord.from_token(token).symbol() for token in tokens.tolist()] == (
        ["F"] * 2 + ["Dm"] * 2 + ["C7"] * 2
    )


def test_keys_are_learned_as_many_numbers_as_are_read() -> None:
    minor = np.array([Chord.parse(n).token for n in "Am Am Dm Dm E7 E7 Am Am".split() * 4])
    kept = fit_keys([[(WRITTEN[0], False), (minor, True)]])
    assert np.array(kept["major"]).shape == np.array(kept["minor"]).shape == (3, 12, 5)
    # A song in C begins with C: in major the tonic's own chord speaks for the key.
    assert kept["major"][1][0][0] > 0


def test_practice_is_the_same_for_the_same_seed_and_its_chords_fill_the_film() -> None:
    features, bundle = film(40), Bundle.open()
    for seed in range(6):
        piece = practice(WRITTEN, features, bundle, seed)
        again = practice(WRITTEN, features, bundle, seed)
        assert piece.score.performance == again.score.performance
        assert piece.programs == again.programs
        spans = piece.score.cue.chords
        assert spans[0].start_s == 0
        assert spans[-1].end_s == features.film.duration_s
        assert all(a.end_s == b.start_s for a, b in pairwise(spans))
        assert {part.name for part in piece.score.performance.parts} <= set(piece.programs)
