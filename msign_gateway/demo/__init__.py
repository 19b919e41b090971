"""Does the whole way work, for real? Private servers, every service as a process of its own, a scripted user.

`scene` is what a run consists of, `stage` sets it up, `story` plays the steps, `run` holds it together.
"""
