"""The plan of a thousand users, by JMeter: 1,000 within a minute, each posts four times."""
import csv
import os
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

from harness.process import Process

TOOLS = Path(os.environ["MAMPARO_DEPLOY_TOOLS"], "jmeter").resolve()
SHIM = "com/thoughtworks/xstream/security/NoTypePermission.java"
BODY = '{"id_imagen":"imagen-${__threadNum}","id_paciente":"paciente-${__threadNum}"}'
JSON = """<HeaderManager guiclass="HeaderPanel" testclass="HeaderManager" enabled="true">
<collectionProp name="HeaderManager.headers"><elementProp name="" elementType="Header">
<stringProp name="Header.name">Content-Type</stringProp>
<stringProp name="Header.value">application/json</stringProp>
</elementProp></collectionProp></HeaderManager>"""


class Users(Process):
    def __init__(self, folder, port):
        subprocess.run(["javac", "-cp", "/usr/share/java/xstream.jar", "-d", folder,
                        TOOLS / "shim" / SHIM], check=True)
        write_plan(folder / "users.jmx")
        self.results = folder / "users.jtl"
        super().__init__("users", folder, [
            TOOLS / "jm.sh", "-n", "-t", folder / "users.jmx", "-l", self.results, f"-Jport={port}",
            "-Jjmeter.save.saveservice.output_format=csv",
            "-Jjmeter.save.saveservice.print_field_names=true"], env={"SHIM": str(folder)})

    def answers(self):
        """(milliseconds, whether it went well) of each."""
        assert self.results.exists(), self.log()
        with open(self.results, encoding="utf-8") as file:
            return [(int(row["elapsed"]), row["success"] == "true") for row in csv.DictReader(file)]


def write_plan(path):
    """The lab's, with a body that the collection takes."""
    plan = xml.parse(TOOLS / "thousand-users.jmx")
    plan.find(".//stringProp[@name='Argument.value']").text = BODY
    sampler = plan.find(".//HTTPSamplerProxy/..")
    sampler.find("hashTree").extend([xml.fromstring(JSON), xml.Element("hashTree")])
    plan.write(path, encoding="utf-8")
