"""What every handshake is made of: messages, refusals, stages, keys, strict readers.

Nothing here knows a platform, a clock, randomness, the network or a file; it imports the standard library only.
"""
