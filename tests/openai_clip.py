"""CLIP written anew from its paper, with OpenAI's names: what other forms are compared with.

Tiny, with random weights: the published ones are not needed to see that none is lost or swapped.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from scorelock.engine.features import EMOTIONS

WORDS = {
    "exciting": [4300],
    "fearful": [8744, 857],
    "tense": [23518],
    "sad": [3719],
    "relaxing": [10256],
    "neutral": [17011],
}


class QuickGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width: int, mask: Tensor | None, gelu: nn.Module) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // 64)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        layers = {"c_fc": nn.Linear(width, 2 * width), "gelu": gelu}
        self.mlp = nn.Sequential(
            OrderedDict(layers | {"c_proj": nn.Linear(2 * width, width)}),
        )
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        seen = self.ln_1(x)
        x = x + self.attn(seen, seen, seen, need_weights=False, attn_mask=self.mask)[0]
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class Stack(nn.Module):
    def __init__(self, width: int, layers: int, mask: Tensor | None, gelu: nn.Module) -> None:
        super().__init__()
        self.resblocks = nn.Sequential(*[Block(width, mask, gelu) for _ in range(layers)])

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.resblocks(x.permute(1, 0, 2))
        return y.permute(1, 0, 2)


class Vision(nn.Module):
    def __init__(self, side: int, patch: int, width: int, out: int, gelu: nn.Module) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * 0.3)
        self.positional_embedding = nn.Parameter(torch.randn((side // patch) ** 2 + 1, width) * 0.3)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Stack(width, 3, None, gelu)
        self.proj = nn.Parameter(torch.randn(width, out) * 0.2)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.conv1(pixels).flatten(2).permute(0, 2, 1)
        first = self.class_embedding + torch.zeros(len(x), 1, x.shape[-1])
        x = self.ln_pre(torch.cat([first, x], 1) + self.positional_embedding)
        y: Tensor = self.ln_post(self.transformer(x)[:, 0]) @ self.proj
        return y


class OpenAiClip(nn.Module):
    """Pictures (B, 3, 56, 56) and the six words; both embeddings have 40 numbers."""

    side = 56

    def __init__(self, *, quick: bool = True) -> None:
        super().__init__()
        self.quick = quick
        gelu = QuickGelu() if quick else nn.GELU()
        self.visual = Vision(self.side, 8, 128, 40, gelu)
        mask = torch.full((77, 77), -torch.inf).triu(1)
        self.transformer = Stack(64, 2, mask, gelu)
        self.token_embedding = nn.Embedding(49408, 64)
        self.positional_embedding = nn.Parameter(torch.randn(77, 64) * 0.1)
        self.ln_final = nn.LayerNorm(64)
        self.text_projection = nn.Parameter(torch.randn(64, 40) * 0.2)
        self.logit_scale = nn.Parameter(torch.tensor(4.6052))
        with torch.no_grad():
            for name, value in self.named_parameters():
                if "bias" in name or "ln_" in name:
                    value.add_(torch.randn_like(value) * 0.2)

    def words(self) -> Tensor:
        """(6, 40) vectors of the words, each in 77 tokens with zeros at the end."""
        tokens = torch.zeros(6, 77, dtype=torch.long)
        for row, word in zip(tokens, EMOTIONS, strict=True):
            text = [49406, *WORDS[word], 49407]
            row[: len(text)] = torch.tensor(text)
        x = self.transformer(self.token_embedding(tokens) + self.positional_embedding)
        ends: Tensor = self.ln_final(x)[torch.arange(6), tokens.argmax(-1)]
        return ends @ self.text_projection

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        image, words = self.visual(pixels), self.words()
        unit = [v / v.norm(dim=1, keepdim=True) for v in (image, words)]
        return image, (self.logit_scale.exp() * unit[0] @ unit[1].T).softmax(-1)
