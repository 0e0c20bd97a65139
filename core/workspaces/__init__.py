"""Workspaces as the owner of their account has them: made, seen whole, changed and removed."""

from core.workspaces.changing import Change, change, create
from core.workspaces.forgetting import run as forget
from core.workspaces.removing import remove
from core.workspaces.whole import Whole, get, page, whole

__all__ = ["Change", "Whole", "change", "create", "forget", "get", "page", "remove", "whole"]
