"""Time lines that do not come over OSC: MIDI timecode, MIDI clock, linear timecode, JACK's transport,
and the player mpv.
"""
