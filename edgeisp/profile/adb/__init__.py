"""Phones on adb. ``edgeisp.profile.adb.device`` holds the device; the rest is how it talks to a phone."""
