"""Where everything is kept: one text of SQL on two engines."""

from core.store.database import Database, Many, Query, Row, Transaction, one, rows
from core.store.statements import sql

__all__ = ["Database", "Many", "Query", "Row", "Transaction", "one", "rows", "sql"]
