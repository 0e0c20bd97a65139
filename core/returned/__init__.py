"""Mail that comes back, understood: failure notices, delays, complaints, answers by machines. Pure."""

from core.returned.notice import Notice, Verdict
from core.returned.reading import read

__all__ = ["Notice", "Verdict", "read"]
