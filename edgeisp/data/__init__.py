"""Data sets, one file each: pairs of canonical packed Bayer and sRGB target."""
