"""Making a data set of one's own in MuVi-Sync's layout, from a folder of music videos."""
