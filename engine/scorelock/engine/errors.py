"""What can go wrong, by what the user can do about it.

Every message is one line: what was expected, what came, what to do next.
"""


class ScorelockError(Exception):
    """Base of all errors that are the input's or the machine's, not the program's."""


class UnreadableFilm(ScorelockError):
    """The film cannot be opened, has no picture, or ends before its header says."""


class BadSetting(ScorelockError):
    """A key, chord, timecode, address or option that cannot be understood."""


class BadBundle(ScorelockError):
    """A model bundle is missing, damaged, or does not fit what it is asked to do."""


class MissingPart(ScorelockError):
    """A package or system library that this command needs is not installed."""


class PortError(ScorelockError):
    """A MIDI port or a network port cannot be opened."""


class BadCue(ScorelockError):
    """A cue on disk cannot be read or written, or is not of this film."""
