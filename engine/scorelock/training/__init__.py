"""The PyTorch models of the paper, their data, training and evaluation (extra: train)."""
