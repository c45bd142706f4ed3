"""Take a learned camera ISP from a PyTorch checkpoint to a verified artifact on a phone.

Importing this package is cheap on purpose: torch and the converters are loaded by the module that needs them.
"""

__version__ = "0.1.0"
