"""An interpreter of saved ML programs: it reads MIL back from an ``.mlpackage`` and executes it op by op in torch.

It verifies what a Core ML file *means* where Core ML itself does not run. It says nothing of Apple's runtime, of the
Neural Engine, or of speed. Three assumptions stand between its numbers and a device's:

* every result that the program types fp16 is rounded to fp16 once, after the op; inside an op (the sum of a
  convolution, a mean, the steps of a layer norm) arithmetic is fp32, where hardware may round more often;
* rounding is to nearest even, subnormals are kept, and what exceeds 65504 becomes infinite;
* no ops are fused across their fp16 results, where a runtime may fuse and round less often.
"""

from edgeisp.engines.mil.engine import ENGINE

__all__ = ["ENGINE"]
