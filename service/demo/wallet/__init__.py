"""The sample wallet "Norte": another company's app, small, and believable enough to lose.

It knows of Resguardo what its public documentation says, and speaks with it over HTTP alone.

    resguardo  the calls it makes
    identity   the identity provider it is: key, discovery, access tokens
    kept       what it stores of its own: devices, sessions, money
    norte      its backend: signs in, asks whether a session lives, obeys a freeze
    words      its few sentences in three languages
    app        its pages and its process
"""
