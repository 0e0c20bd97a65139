"""What an operator may decide, and where it is read from."""

from gateway.config.loading import CONFIG_VARIABLE, PREFIX, SettingsError, check_dialects, explain, load
from gateway.config.settings import Settings

__all__ = ["CONFIG_VARIABLE", "PREFIX", "Settings", "SettingsError", "check_dialects", "explain", "load"]
