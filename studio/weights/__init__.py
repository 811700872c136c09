"""Pre-trained networks: find, verify, install, load; device choice."""

from studio.weights.device import device
from studio.weights.fetch import install
from studio.weights.networks import Network, catalogue, default_set
from studio.weights.store import Installed, find, folder, state, verify

__all__ = [
    "Installed",
    "Network",
    "catalogue",
    "default_set",
    "device",
    "find",
    "folder",
    "install",
    "state",
    "verify",
]
