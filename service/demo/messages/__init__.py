"""The message viewer: a post office and a telephone company for the demo.

It receives real SMTP and the text-message carrier's HTTP API on this machine alone, delivers
nothing, and shows every message as its recipient would see it.
"""
