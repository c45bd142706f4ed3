"""Smooth gradients before and after: in float, int8 everywhere, calibrated only, and the bundled int8 weights.

    python benchmarks/gradients.py -o docs/images/gradients.jpg

Prints the largest false step of each and writes one picture, with the contrast of each ramp raised.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from edgeisp.models import checkpoint
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize import checkpoint as quantized
from edgeisp.quantize import recipe
from edgeisp.quantize.calibration import calibration_set
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.insertion import scheme
from edgeisp.quantize.network import with_qdq
from edgeisp.training import gradients
from edgeisp.training.comparison_sheet import stretched
from edgeisp.training.evaluate import render_whole

GAP, LABEL, SHOWN = 12, 22, 25
"""Pixels between panels, above them, and of each ramp."""
console = Console()


def main() -> None:
    """Quantize, render, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="metaisp")
    parser.add_argument("-o", "--out", type=Path, default=Path("gradients.jpg"))
    chosen = parser.parse_args()
    config = QuantizeConfig(model=chosen.model)
    plan = recipe.plan(config, None)
    pictures = calibration_set(config.data, config.calibration, config.patch, config.seed, config.reader)
    everywhere = with_qdq(plan.network, scheme(plan.network, pictures, (), "minmax"))
    networks = {
        "fp32": checkpoint.load(chosen.model).network,
        "int8 everywhere, calibrated only": everywhere,
        "some layers in float, calibrated only": plan.post_training(),
        "bundled int8, trained with distillation": quantized.load(chosen.model, None, "w8a8").network,
    }
    draw(networks).save(chosen.out, quality=92, subsampling=0)


def draw(networks: dict[str, ISPNetwork]) -> Image.Image:
    """The chart as each network renders it, two in a row."""
    height = LABEL + SHOWN * len(gradients.RAMPS)
    image = Image.new("RGB", (2 * gradients.WIDTH + GAP, height * ((len(networks) + 1) // 2)), "white")
    pen, raw = ImageDraw.Draw(image), gradients.chart()
    for index, (name, network) in enumerate(networks.items()):
        rendered = render_whole(network, raw)
        title = f"{name}: largest false step {gradients.banding(rendered):.2f} codes"
        console.print(title)
        x, y = index % 2 * (gradients.WIDTH + GAP), index // 2 * height
        pen.text((x + 2, y + 3), title, font=ImageFont.load_default(13), fill="black")
        pixels = (stretched(rendered).transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8)
        starts = range(gradients.ROWS // 4, len(pixels), gradients.ROWS)
        image.paste(Image.fromarray(np.concatenate([pixels[s : s + SHOWN] for s in starts])), (x, y + LABEL))
    return image


if __name__ == "__main__":
    main()
