"""Test environment of the integration tests: one class per peer, standard library only.

Gateway is the program under test, Upstream a provider that misbehaves on command, Client a
connection that sees raw bytes. Nothing here sleeps and hopes: `eventually` polls with a deadline.
"""
from .certs import Certs
from .client import Connection, Response
from .gateway import TOLERANT, Gateway, free_port
from .load import Load
from .metrics import Metrics
from .poll import SCALE, eventually, seconds
from .upstream import Upstream

__all__ = ["Certs", "Connection", "Response", "Gateway", "free_port", "Load", "Metrics", "SCALE",
           "eventually", "seconds", "TOLERANT", "Upstream"]
