"""The engines that come with the application: PostgreSQL and a broker out of Python wheels.

Used when DATABASE_URL or REDIS_URL is unset. The settings import this package,
so nothing here imports Django or the rest of the project.
"""

from loyalty.engines.endpoints import Endpoints, locate
from loyalty.engines.errors import EngineError
from loyalty.engines.session import Session

__all__ = ["EngineError", "Endpoints", "Session", "locate"]
