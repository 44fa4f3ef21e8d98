"""Settings of quick runs, as a user writes them."""

CONFIG = """
[model]
layout = "picture"
{model}
[optimise]
batch = 4
warmup_steps = 2
[[stages]]
corpora = ["plain", "muvisync"]
epochs = 2
learning_rate = 1e-3
"""
AMT = CONFIG.format(
    model="d_model = 16\nheads = 2\nencoder_layers = 1\ndecoder_layers = 1\nfeed_forward = 8"
)
