"""Finds in test files, without running them, which test is marked to prove which rule.

Read by the syntax tree: `@pytest.mark.rule("xml.a", "xml.b")` on a test or a class, `pytestmark` of
a module or a class, and marks of single parameters (`pytest.param(…, marks=…)`), also where the
list of parameters stands in a name of the module. A mark on a class is listed as `path::Class`, a
module's as `path`.

Guarantees: a mark that belongs to no test, or whose ids are not plain strings, is a fault and not
passed over; a test marked `skip` or `xfail` proves nothing. Does not know aliases of
`pytest.mark.rule`, nor which rules there are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

_PROVES_NOTHING = frozenset({"skip", "xfail"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Proof:
    """A test, or a group of tests, that carries a rule's id."""

    rule: str
    test: str
    """`path::name`, the path from the repository's root."""


@dataclass(slots=True)
class Marks:
    """What was found."""

    proofs: list[Proof] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def collect(root: Path, tests: Path) -> Marks:
    """Read all test files under `tests`; names are relative to `root`."""
    marks = Marks()
    for path in sorted(tests.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(path.read_bytes(), name)
        except (SyntaxError, ValueError) as error:
            marks.faults.append(f"{name}: cannot be read: {error}")
        else:
            _Module(name, tree, marks).read()
    return marks


class _Module:
    """One file: collects into `marks`."""

    def __init__(self, name: str, tree: ast.Module, marks: Marks) -> None:
        self._name = name
        self._tree = tree
        self._marks = marks
        self._names = dict(_assignments(tree.body))
        self._seen: set[ast.Call] = set()

    def read(self) -> None:
        self._group(self._tree.body, self._name, [])
        stray = [call for call in _rule_calls(self._tree) if call not in self._seen]
        for call in stray:
            self._fault(call, "the mark belongs to no test")

    def _group(self, body: list[ast.stmt], name: str, decorators: list[ast.expr]) -> None:
        """A module's or a class's own marks, then what is in it."""
        own = [value for target, value in _assignments(body) if target == "pytestmark"]
        if any(_has_tests(statement) for statement in body):
            self._attribute([*decorators, *own], name)
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                inner = f"{name}::{statement.name}"
                self._group(statement.body, inner, statement.decorator_list)
            elif _is_test(statement):
                self._attribute(statement.decorator_list, f"{name}::{statement.name}")

    def _attribute(self, expressions: Iterable[ast.expr], test: str) -> None:
        found = [node for expression in expressions for node in self._resolved(expression)]
        proves = not any(_mark_name(node) in _PROVES_NOTHING for node in found)
        for call in _unique(node for node in found if _is_rule_call(node)):
            self._seen.add(call)
            for rule in self._ids(call) if proves else ():
                proof = Proof(rule, test)
                if proof not in self._marks.proofs:
                    self._marks.proofs.append(proof)

    def _resolved(self, expression: ast.expr, depth: int = 0) -> Iterator[ast.AST]:
        """All nodes of an expression, and of what its names stand for in this module."""
        for node in ast.walk(expression):
            yield node
            if isinstance(node, ast.Name) and node.id in self._names and depth < 4:
                yield from self._resolved(self._names[node.id], depth + 1)

    def _ids(self, call: ast.Call) -> list[str]:
        ids = [
            argument.value
            for argument in call.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if not ids or len(ids) < len(call.args) or call.keywords:
            self._fault(call, "a mark takes one or more ids, written out as strings")
        return ids

    def _fault(self, call: ast.Call, what: str) -> None:
        fault = f"{self._name}:{call.lineno}: {what}"
        if fault not in self._marks.faults:
            self._marks.faults.append(fault)


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value is not None
        ):
            yield statement.target.id, statement.value


def _is_test(node: ast.AST) -> TypeGuard[_Function]:
    return isinstance(node, _Function) and node.name.startswith("test")


def _has_tests(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ClassDef):
        return any(_has_tests(inner) for inner in statement.body)
    return _is_test(statement)


def _rule_calls(tree: ast.AST) -> Iterator[ast.Call]:
    return _unique(node for node in ast.walk(tree) if _is_rule_call(node))


def _is_rule_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _mark_name(node.func) == "rule"


def _mark_name(node: ast.AST) -> str:
    """The name in `pytest.mark.NAME` or `mark.NAME`, or ""."""
    if not isinstance(node, ast.Attribute):
        return ""
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return node.attr if name == "mark" else ""


def _unique(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    return iter(dict.fromkeys(node for node in nodes if isinstance(node, ast.Call)))
