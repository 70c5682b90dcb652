from .agent import Agent
from .tab import Tab

__all__ = ["Agent", "Tab"]
