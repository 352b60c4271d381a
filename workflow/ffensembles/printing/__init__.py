"""How names, tables and pages look in print."""
