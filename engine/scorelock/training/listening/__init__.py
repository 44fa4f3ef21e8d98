"""What is heard in a film's sound: notes, chords, key, density, loudness."""
