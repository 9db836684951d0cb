"""The demo: a small house of its own, with the other companies that a story needs.

run        the parent: database, service, worker, sample wallet, message viewer
people     who lives in the demo
wallet/    the sample wallet "Norte", which knows the public HTTP API alone
messages/  every e-mail and text message, as their recipients see them
"""
