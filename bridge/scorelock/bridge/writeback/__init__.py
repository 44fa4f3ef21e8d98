"""Cuts, hits, chords and the tempo, written into a host on request.

A write is a conversation: a script per host that knows no socket and no clock. It reads what the
host holds, writes what is missing, and reads again until the host holds exactly that.
"""
