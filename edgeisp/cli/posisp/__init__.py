"""The verbs of ``edgeisp posisp``."""
