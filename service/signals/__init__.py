"""How a wallet's gateways hear whether a session lives, and what its systems are told.

Nothing is imported here: the worker tells wallets, and needs no web framework for it.
"""
