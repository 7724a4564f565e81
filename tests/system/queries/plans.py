"""What PostgreSQL does with the statements of a read server, as its own auto_explain logs it."""
import json
import re

SETTINGS = {
    "session_preload_libraries": "auto_explain", "log_min_messages": "log",
    "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
    "auto_explain.log_format": "json", "auto_explain.log_timing": "off"}
PLAN = re.compile(rb"LOG:  duration: [^\n]*  plan:\n((?:\t[^\n]*\n)+)")


class Plans:
    """Of one database, for connections made from now on."""

    def __init__(self, postgres, database):
        self.log_path = postgres.log_path
        with postgres.connect("postgres") as connection:
            for name, value in SETTINGS.items():
                connection.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")

    def of(self, ask, table):
        """The plans of the statements about a table that `ask` brings about."""
        before = self.log_path.stat().st_size
        ask()
        with open(self.log_path, "rb") as log:
            log.seek(before)
            found = [json.loads(text) for text in PLAN.findall(log.read())]
        return [plan for plan in found if table in plan["Query Text"]]


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)
