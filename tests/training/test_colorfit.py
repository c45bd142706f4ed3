"""The affine colour fit: exact where colours differ by one, the same in numpy and in the objective."""

import numpy as np
import torch

from edgeisp.training.colorfit import ColorFitted, fit_color, fitted
from edgeisp.training.objective import Batch

MATRIX = np.array([[0.7, 0.1, 0.0], [0.05, 0.6, 0.1], [0.0, 0.1, 0.8]])


def test_fit_undoes_an_affine_change_of_colors() -> None:
    picture = np.random.default_rng(0).random((3, 12, 16)).astype(np.float32)
    changed = (np.tensordot(MATRIX, picture, 1) + 0.05).astype(np.float32)
    assert np.abs(fit_color(picture, changed) - changed).max() < 1e-5
    assert np.abs(fit_color(changed, picture) - picture).max() < 1e-5


def test_fit_of_a_batch_is_that_of_its_pictures() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 2, 3, 16, 16)).astype(np.float32)
    together = fitted(torch.from_numpy(a), torch.from_numpy(b), torch.ones(2, 1, 16, 16)).numpy()
    assert np.abs(together - np.stack([fit_color(x, y) for x, y in zip(a, b, strict=True)])).max() < 2e-3


def test_objective_does_not_mind_exposure_and_minds_what_is_lost() -> None:
    target = torch.rand(1, 3, 16, 16)
    batch = Batch(target, torch.zeros(1), target, torch.ones(1, 1, 16, 16))
    objective = ColorFitted(plain=0.0)
    dark = objective(lambda raw, color: raw * 0.3, batch, 0.0)  # type: ignore[arg-type]
    same = objective(lambda raw, color: raw, batch, 0.0)  # type: ignore[arg-type]
    blurred = objective(lambda raw, color: raw.mean((2, 3), keepdim=True) + 0 * raw, batch, 0.0)  # type: ignore[arg-type]
    assert torch.allclose(dark, same, atol=0.02)
    assert float(blurred - same) > 0.2
