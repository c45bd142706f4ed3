"""Precisions, calibration and quantization-aware training."""
