"""What leaves Scorelock as files: model bundles, MIDI, JSON."""
