"""The numbers of all rounds, by comparison, row and side; kept between runs, so that one comparison
can be made again without the others."""
import json
from collections import defaultdict

from .judgement import judge


class Results:
    def __init__(self, comparisons, file):
        self.comparisons, self.file = comparisons, file
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self.of = {name: kept for name, kept in stored.items() if name in comparisons}

    def put(self, name, commit, how, measurements):
        """What was measured of it before counts no more."""
        rows = {}
        for one in measurements:
            row = rows.setdefault((one.case, one.what),
                                  {"case": one.case, "what": one.what, "sides": defaultdict(list)})
            row["sides"][one.side].append(one.value)
        self.of[name] = {"commit": commit, "how": how, "rows": list(rows.values())}

    def keep(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.of, indent=1) + "\n", encoding="utf-8")

    @property
    def names(self):
        """In the order of the comparisons, whenever they were made."""
        return [name for name in self.comparisons if name in self.of]

    def rows(self, name):
        """Each row with the verdicts of the aims that it has."""
        aims = defaultdict(list)
        for aim in self.comparisons[name].AIMS:
            aims[aim.case, aim.what].append(aim)
        for row in self.of[name]["rows"]:
            verdicts = [judge(aim, row["sides"]) for aim in aims[row["case"], row["what"]]]
            yield row, [verdict for verdict in verdicts if verdict]

    def verdicts(self, names=None):
        return [(name, row, verdict) for name in names or self.names
                for row, verdicts in self.rows(name) for verdict in verdicts]

    def absent(self, name):
        """Aims for which nothing was measured."""
        judged = {verdict.aim for _, _, verdict in self.verdicts([name])}
        return [aim for aim in self.comparisons[name].AIMS if aim not in judged]
