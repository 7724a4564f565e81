"""What our server sends to PostgreSQL for a question, as a script for pgbench."""
import re

from harness.process import wait_until

SENT = re.compile(r"execute [^:\n]*: (?P<sql>(?:select|with) .*?)\n[^\t][^\n]*DETAIL:  parameters: "
                  r"(?P<parameters>[^\n]*)", re.DOTALL)
LITERAL = re.compile(r"'[^']*'")
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


def log_statements(postgres, is_on):
    with postgres.connect("postgres") as connection:
        for name, value in {"log_min_messages": "log", "log_min_duration_statement": "0"}.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'" if is_on else
                               f"ALTER SYSTEM RESET {name}")
        connection.execute("SELECT pg_reload_conf()")


def script_of(postgres, server, question):
    """The statement with its parameters in place; where one has the question's number, a random
    one of the same range."""
    sql, parameters = statement_of(
        postgres, lambda: server.get(question.with_number(question.first + 7)))
    return write(sql, parameters, question)


def statement_of(postgres, ask):
    """What the server that is asked sends, and its parameters by number."""
    before = postgres.log_path.stat().st_size
    log_statements(postgres, True)
    sent = wait_until(lambda: seen_after(postgres, ask, before), 10,
                      "the statement in PostgreSQL's log")
    log_statements(postgres, False)
    return sent["sql"], dict(PARAMETER.findall(sent["parameters"]))


def seen_after(postgres, ask, before):
    """Its sessions hear of the change one by one."""
    answer = ask()
    assert answer.ok, answer.text
    with open(postgres.log_path, "rb") as log:
        log.seek(before)
        text = log.read().decode().replace("\n\t", "\n")
    found = [match for match in SENT.finditer(text) if '"entries"' in match["sql"]]
    return found and found[-1]


def write(sql, parameters, question):
    wanted = f"'{question.prefix}{question.first + 7}'"
    lines = []
    if question.count > 1:
        assert wanted in parameters.values(), (wanted, parameters)
        lines = [f"\\set n random({question.first}, {question.first + question.count - 1})"]

    def value_of(match):
        value = parameters[match[1]]
        if question.count > 1 and value == wanted:
            return f"('{question.prefix}' || :n)"
        return f"({value})"

    return "\n".join([*lines, with_values(sql, value_of)])


def with_values(sql, value_of):
    """As pgbench takes it. `value_of` makes SQL of a parameter's match."""
    return LITERAL.sub(without_colons, re.sub(r"\$(\d+)", value_of, sql)) + ";\n"


def without_colons(literal):
    """Where pgbench would see a variable, it is written by its number."""
    text = literal[0]
    return "U&" + text.replace(":", "\\003A") if ":" in text else text
