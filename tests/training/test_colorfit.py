"""The affine colour fit is exact where colours differ by one."""

import numpy as np

from edgeisp.training.colorfit import fit_color

MATRIX = np.array([[0.7, 0.1, 0.0], [0.05, 0.6, 0.1], [0.0, 0.1, 0.8]])


def test_fit_undoes_an_affine_change_of_colors() -> None:
    picture = np.random.default_rng(0).random((3, 12, 16)).astype(np.float32)
    changed = (np.tensordot(MATRIX, picture, 1) + 0.05).astype(np.float32)
    assert np.abs(fit_color(picture, changed) - changed).max() < 1e-5
    assert np.abs(fit_color(changed, picture) - picture).max() < 1e-5


def test_fit_of_degree_3_takes_over_a_tone_curve_and_one_of_degree_1_does_not() -> None:
    picture = np.random.default_rng(0).random((3, 12, 16)).astype(np.float32)
    curved = picture**2
    assert np.abs(fit_color(picture, curved, degree=3) - curved).max() < 1e-5
    assert np.abs(fit_color(picture, curved) - curved).max() > 0.05
