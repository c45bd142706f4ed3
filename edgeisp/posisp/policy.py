"""The two predictors of POS-ISP: a policy over sequences of modules, and a network for their parameters.

Layers and sizes are those of the authors' code (arXiv 2604.06938; github.com/w1jyun/POS-ISP), restated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 64
"""Height and width of the thumbnail from which parameters are predicted."""


class Sampled(NamedTuple):
    """Whole sequences that a policy drew."""

    tokens: Tensor
    """``K x steps`` module ids; `SequencePredictor.stop` and nothing but it after the end."""
    log_probability: Tensor
    """``K``, of the whole sequence, stopping included; has a gradient."""
    entropy: Tensor
    """Mean entropy of the choices, each as a share of the largest possible: 1 undecided, 0 decided; has a gradient."""

    def sequences(self, stop: int) -> list[tuple[int, ...]]:
        """The ids of each sequence before its end."""
        return [tuple(i for i in row if i != stop) for row in self.tokens.tolist()]


class SequencePredictor(nn.Module):
    """p(sequence): a GRU that is fed its last choice. It sees no picture: one policy for a task.

    With the paper's ten modules it has 56,635 parameters, and starts uniform.
    """

    def __init__(self, modules: int, hidden: int = 64, step_width: int = 16) -> None:
        super().__init__()
        self.modules_, self.stop, self.start = modules, modules, modules + 1
        self.token = nn.Embedding(modules + 2, hidden)
        self.step = nn.Embedding(modules + 1, step_width)
        self.film = nn.Linear(step_width, 4 * hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, modules + 1)
        nn.init.zeros_(self.head.weight)
        nn.init.ones_(self.head.bias)

    def _choose(self, last: Tensor, state: Tensor | None, step: int) -> tuple[Tensor, Tensor]:
        """Logits of the next token, ``K x (modules + 1)``, and the new state."""
        made, state = self.gru(self.token(last[:, None]), state)
        position = torch.tensor([step], device=last.device)
        scale, shift = torch.tanh(self.film(self.step(position))).chunk(2, 1)
        return self.head(made[:, 0] * (1 + scale) + shift), state

    def sample(
        self,
        count: int,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        greedy: bool = False,
    ) -> Sampled:
        """Draw ``count`` sequences, no module twice in one; with ``greedy`` the likeliest token at each step.

        ``generator`` is on the CPU, so that a run draws the same sequences on every device.
        """
        device = self.head.weight.device
        last = torch.full((count,), self.start, device=device)
        taken = torch.zeros(count, self.modules_ + 1, dtype=torch.bool, device=device)
        done = torch.zeros(count, dtype=torch.bool, device=device)
        state: Tensor | None = None
        logs, entropies, tokens = torch.zeros(count, device=device), [], []
        for step in range(self.modules_):
            logits, state = self._choose(last, state, step)
            logs_of = F.log_softmax(logits.masked_fill(taken, -1e9) / temperature, 1)
            if greedy:
                drawn = logs_of.argmax(1)
            else:
                drawn = torch.multinomial(logs_of.detach().exp().cpu(), 1, generator=generator)[:, 0].to(
                    device
                )
            last = torch.where(done, self.stop, drawn)
            logs = logs + torch.where(done, 0.0, logs_of.gather(1, last[:, None])[:, 0])
            largest = math.log(self.modules_ + 1 - step)
            entropies.append(-(logs_of.exp() * logs_of).sum(1)[~done].mean() / largest)
            taken = taken | (F.one_hot(last, self.modules_ + 1).bool() & ~done[:, None])
            tokens.append(last)
            done = done | (last == self.stop)
            if done.all():
                break
        return Sampled(torch.stack(tokens, 1), logs, torch.stack(entropies).mean())

    @torch.no_grad()
    def decode(self) -> tuple[int, ...]:
        """The greedy sequence, which is what is deployed."""
        return self.sample(1, greedy=True).sequences(self.stop)[0]

    @torch.no_grad()
    def distribution(self, sequence: tuple[int, ...]) -> Tensor:
        """Probability of every module and, last, of stopping, at each step along ``sequence`` (at temperature 1).

        ``steps x (modules + 1)``; the last step is the one at which the sequence stops.
        """
        device = self.head.weight.device
        last, state = torch.tensor([self.start], device=device), None
        taken = torch.zeros(1, self.modules_ + 1, dtype=torch.bool, device=device)
        rows = []
        for step, chosen in enumerate([*sequence, self.stop][: self.modules_]):
            logits, state = self._choose(last, state, step)
            rows.append(F.softmax(logits.masked_fill(taken, -1e9), 1)[0])
            taken[0, chosen] = True
            last = torch.tensor([chosen], device=device)
        return torch.stack(rows)


class ParameterPredictor(nn.Module):
    """Raw parameters in (0, 1) of all modules from a thumbnail, whatever the sequence.

    With 27 parameters it has 527,067 of its own, and 13.4 M MACs.
    """

    def __init__(self, parameters: int, width: int = 32, latent: int = 128) -> None:
        super().__init__()
        widths = [3, width, 2 * width, 4 * width, 4 * width, 4 * width]
        self.encoder = nn.Sequential(
            *(
                layer
                for i in range(5)
                for layer in (nn.Conv2d(widths[i], widths[i + 1], 3, 2, 1), nn.LeakyReLU(0.2))
            )
        )
        self.hidden = nn.Linear(8 * width, 256)
        self.latent = nn.Linear(256, latent)
        self.expand = nn.Linear(latent, 2 * latent)
        self.head = nn.Linear(2 * latent, parameters)

    def start_at(self, raw: Tensor) -> None:
        """Bias the last layer so that an untrained network puts out about ``raw`` (kept within 0.02 to 0.98)."""
        with torch.no_grad():
            self.head.bias.copy_(torch.atanh(2 * raw.clamp(0.02, 0.98) - 1))
            self.head.weight.mul_(0.1)

    def forward(self, thumbnail: Tensor) -> Tensor:
        """``B x 3 x 64 x 64`` to ``B x parameters``."""
        features = self.encoder(thumbnail)
        side = features.shape[-1]
        largest = F.max_pool2d(
            features, side, side
        )  # XNNPACK has no amax, coremltools no pooling without a stride
        pooled = torch.cat([features.mean((2, 3), keepdim=True), largest], 1).flatten(1)
        made = self.expand(self.latent(F.relu(self.hidden(pooled))))
        return torch.tanh(self.head(F.leaky_relu(made, 0.2))) * 0.5 + 0.5
