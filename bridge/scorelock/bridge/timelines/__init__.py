"""Time lines that do not come over OSC: MIDI timecode, MIDI clock, and the player mpv."""
