"""The six words as CLIP's text encoder sees them."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS

BEGIN: Final = 49406
END: Final = 49407
"""Tokens around every text."""
TOKENS: Final = {
    "exciting": (4300,),
    "fearful": (8744, 857),
    "tense": (23518,),
    "sad": (3719,),
    "relaxing": (10256,),
    "neutral": (17011,),
}
"""Each bare word in CLIP's byte-pair encoding (bpe_simple_vocab_16e6), so that no tokenizer is
needed. What would follow the end, up to 77 tokens, is seen by nothing before it.
"""


def prompts_of(model: Any) -> NDArray[np.float32]:  # noqa: ANN401
    """(6, W): the words' vectors at length one, times the model's own scale of the cosine."""
    with torch.inference_mode():
        rows = []
        for word in EMOTIONS:
            tokens = torch.tensor([[BEGIN, *TOKENS[word], END]])
            hidden = model.text_model(input_ids=tokens).last_hidden_state[:, -1]
            rows.append(model.text_projection(hidden)[0])
        vectors = torch.stack(rows)
        scaled = vectors / vectors.norm(dim=-1, keepdim=True) * model.logit_scale.exp()
    array: NDArray[np.float32] = scaled.float().numpy()
    return array
