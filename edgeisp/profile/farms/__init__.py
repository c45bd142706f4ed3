"""Device farms: other people's phones, by their owners' clients. One file each, behind the `Farm` of ``base.py``."""
