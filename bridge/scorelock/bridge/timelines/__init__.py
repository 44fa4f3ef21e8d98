"""Time lines that do not come over OSC: MIDI timecode and clock, linear timecode, JACK's transport,
and the player mpv.
"""
