"""Shot and read noise of sensors: measured profiles of phones, random profiles for training, and the noise itself."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np

from edgeisp.errors import BadInputError
from edgeisp.raw.image import Floats, NoiseProfile


@cache
def phone_profiles() -> dict[tuple[str, int], NoiseProfile]:
    """Measured profiles by (phone, ISO).

    Source: calibration of the SIDD phones (Abdelhamed et al., CVPR 2018) as published with Noise Flow (ICCV 2019).
    """
    text = files("edgeisp.raw").joinpath("phone_noise.csv").read_text()
    rows = csv.DictReader(text.splitlines())
    return {
        (row["phone"], int(row["iso"])): NoiseProfile(float(row["shot"]), float(row["read"])) for row in rows
    }


def phone_profile(phone: str, iso: int) -> NoiseProfile:
    """The measured profile of one phone at one ISO.

    Raises:
        BadInputError: that pair was not measured.
    """
    profiles = phone_profiles()
    if (phone, iso) not in profiles:
        known = ", ".join(f"{name} {number}" for name, number in profiles)
        raise BadInputError(f"no noise profile of {phone!r} at ISO {iso}", cure=f"known: {known}")
    return profiles[phone, iso]


def random_profile(rng: np.random.Generator) -> NoiseProfile:
    """A profile from base ISO of a good sensor to beyond ISO 3200 of a phone: shot and read noise log-uniform.

    Read noise spans the measured phones (down to 1e-6) and the larger values that Brooks et al. (CVPR 2019, eq. 20)
    fit to DND's cameras.
    """
    log_shot = rng.uniform(np.log(4e-5), np.log(2.5e-2))
    log_read = rng.uniform(np.log(1e-6), max(np.log(4e-6), 2.18 * log_shot + 1.2))
    return NoiseProfile(float(np.exp(log_shot)), float(np.exp(log_read)))


def add_noise(signal: Floats, profile: NoiseProfile, rng: np.random.Generator) -> Floats:
    """``signal`` (any shape, [0, 1]) with Gaussian noise of variance shot * signal + read; not clipped."""
    deviation = np.sqrt(profile.shot * np.maximum(signal, 0) + profile.read)
    return signal + deviation.astype(np.float32) * rng.standard_normal(signal.shape, np.float32)
