"""The live half: transports in, the sync clock, MIDI out, and the command line."""
