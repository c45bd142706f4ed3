"""What a runtime's own profiler prints, read."""

from __future__ import annotations

import pytest

from edgeisp.profile.operators import tflite

SUMMARY = """
============================== Run Order ==============================
\t[node type]\t[start]\t[first]\t[avg ms]\t[%]\t[cdf%]\t[mem KB]\t[times called]\t[Name]
\tDelegate/Convolution (NHWC, QC8) IGEMM\t 0.000\t 0.250\t    0.300\t  1.000%\t 1.000%\t 0.000\t        10\t[Delegate]:3
\t                    GELU\t 0.000\t 0.250\t    0.500\t  1.000%\t 1.000%\t 0.000\t        5\t[net/gelu]:7
\t   TfLiteXNNPackDelegate\t 0.000\t 0.250\t    0.700\t  1.000%\t 1.000%\t 0.000\t        5\t[out]:9

============================== Top by Computation Time ==============================
"""


def test_row_counts_every_call_when_parts_of_the_graph_share_a_name() -> None:
    convolution, gelu = tflite.rows(SUMMARY, runs=5)
    assert (convolution.kind, convolution.ms, convolution.delegated) == (
        "Convolution (NHWC, QC8) IGEMM",
        pytest.approx(0.6),
        True,
    )
    assert (gelu.kind, gelu.ms, gelu.delegated) == ("GELU", pytest.approx(0.5), False)
