"""The runbook explains every event that a running station can log, at the level it is logged at, and no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "daemon" / "latentfm"
PAGE = ROOT / "docs" / "runbook.md"

LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
APART = ("training", "report", "cli", "doctor", "monitor")  # no part of a running station
RELAYS = ("broadcast/notices.py", "studio/link.py")  # these pass on events that others named

Event = tuple[str, str]  # name, level


class Reader(ast.NodeVisitor):
    """Collects the events that a module logs, and the places where an event's name can't be read off the source."""

    def __init__(self, tree: ast.Module) -> None:
        self.events: set[Event] = set()
        self.unclear: list[int] = []
        self._texts = _constants(tree)
        self._loggers = _loggers(tree)
        self._aliases: dict[str, set[str]] = {}  # of a method of a logger: its name, and the levels it may have
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                levels = self._methods(node.value)
                if levels:
                    self._aliases[node.targets[0].id] = levels
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        """Look at a call."""
        levels = self._levels(node)
        if levels:
            names = _strings(node.args[0], self._texts) if node.args else None
            if names is None:
                self.unclear.append(node.lineno)
            self.events |= {(name, level) for name in names or () for level in levels}
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Look for an event that is written as JSON right away, where there can be no logger."""
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else self._texts.get(_name(part), "")
            for part in node.values
        )
        match = re.search(r'"event": "(\w+)", "level": "(\w+)"', text)
        if match:
            self.events.add((match[1], match[2]))
        self.generic_visit(node)

    def _levels(self, node: ast.Call) -> set[str]:
        """Return the levels at which a call logs: none where it does not."""
        function = node.func
        if isinstance(function, ast.Name):
            return self._aliases.get(function.id, set())
        if isinstance(function, ast.Attribute) and function.attr == "put" and "notices" in ast.unparse(function.value):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "level"]
            return _strings(given[0], self._texts) or set(LEVELS) if given else {"info"}
        return self._methods(function)

    def _methods(self, node: ast.expr) -> set[str]:
        """Return the levels of an expression whose value is a method of a logger."""
        if isinstance(node, ast.IfExp):
            return self._methods(node.body) | self._methods(node.orelse)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            return set(LEVELS) if self._is_logger(node.args[0]) else set()
        if isinstance(node, ast.Attribute) and node.attr in LEVELS and self._is_logger(node.value):
            return {"error" if node.attr == "exception" else node.attr}
        return set()

    def _is_logger(self, node: ast.expr) -> bool:
        return ast.unparse(node) in self._loggers or ast.unparse(node).endswith("get_logger()")


def _loggers(tree: ast.Module) -> set[str]:
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith("get_logger()")
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _name(node: ast.expr) -> str:
    return ast.unparse(node.value) if isinstance(node, ast.FormattedValue) else ""


def _strings(node: ast.expr, texts: dict[str, str]) -> set[str] | None:
    """Return the values that an expression may have, None where that can't be said."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.Name) and node.id in texts:
        return {texts[node.id]}
    if isinstance(node, ast.IfExp):
        body, otherwise = _strings(node.body, texts), _strings(node.orelse, texts)
        return None if body is None or otherwise is None else body | otherwise
    return None


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield each module that a running station may load, by its path in the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name.parts[0] not in APART:
            yield str(name), ast.parse(path.read_text("utf-8"))


def logged() -> dict[str, set[str]]:
    """Return the events in the source, and the levels of each."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, tree in modules():
        for event, level in Reader(tree).events:
            found[event].add(level)
    return found


def rows() -> list[list[str]]:
    """Return the cells of each row about an event."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]


def explained() -> dict[str, set[str]]:
    """Return the events in the runbook, and the levels given for each."""
    found: dict[str, set[str]] = {}
    for events, levels, *_ in rows():
        for event in re.findall(r"`(\w+)`", events):
            assert event not in found, f"{event} is in the runbook twice"
            found[event] = set(levels.split(", "))
    return found


def test_the_runbook_explains_every_event_and_no_other() -> None:
    """A row for each event that the source logs, with its levels; no row for what nothing logs."""
    source, page = logged(), explained()
    assert source.keys() - page.keys() == set(), "logged, and not in docs/runbook.md"
    assert page.keys() - source.keys() == set(), "in docs/runbook.md, and logged nowhere"
    assert {event: levels for event, levels in page.items() if levels != source[event]} == {}, "the levels differ"
    assert len(source) > 70


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    """No cell is left empty."""
    for row in rows():
        assert len(row) == 4, row
        assert all(row), row


def test_the_name_of_every_event_can_be_read_off_the_source() -> None:
    """Elsewhere than in the two relays an event's name is a text, so that this test, and a search, can find it."""
    unclear = {name: lines for name, tree in modules() if (lines := Reader(tree).unclear)}
    assert unclear.keys() == set(RELAYS), unclear


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ('log.info("one", take="x")', {("one", "info")}),
        ('log.exception("one")', {("one", "error")}),
        ('log.warning("one" if x else "two")', {("one", "warning"), ("two", "warning")}),
        ('structlog.get_logger().error(SAYS, of="x")', {("said", "error")}),
        ('write = log.info if x else log.error\nwrite("one")', {("one", "info"), ("one", "error")}),
        ('self._notices.put("one", reason="x")', {("one", "info")}),
        ('self._notices.put("one", level="error")', {("one", "error")}),
        ('text = f\'{{"event": "{SAYS}", "level": "warning"}}\'', {("said", "warning")}),
        ('queue.put("one")', set()),
        ('print("one")', set()),
    ],
)
def test_the_reader_finds_each_way_to_log(line: str, events: set[Event]) -> None:
    """Whatever form the source uses, its events are found; and an unreadable name is noticed."""
    begin = 'log = structlog.get_logger()\nSAYS = "said"\n'
    assert Reader(ast.parse(begin + line)).events == events
    assert Reader(ast.parse(begin + "log.info(name)")).unclear == [3]


def test_the_page_begins_with_what_is_needed_first() -> None:
    """Whoever opens it in an emergency finds the emergencies first."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert headings[:4] == ["When it is silent", "When it is stuck", "When the disk is full", "Before you call us"]
