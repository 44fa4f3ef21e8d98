"""What others can follow: MIDI timecode, MIDI clock and OSC, told of the host that we follow."""
