"""The pure upper half: a film is watched, composed, arranged. No torch, no sockets, no siblings."""
