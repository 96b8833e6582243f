"""Make a failing program smaller: drop statements, unwrap blocks, replace expressions by their parts."""

import ast
import copy
import re
import time
import warnings

from .oracle import Hang, arguments, check_program, load, time_limit

PATIENCE = 3  # seconds for the plain calls of a candidate: it may loop for ever


def kind_of(error: AssertionError) -> str:
    """In which way a program goes wrong, without the details, so that reducing does not drift to another fault."""
    words = re.sub(r"^call \d+: ", "", str(error).partition("\n")[0])
    raised = re.findall(r"raised (\w+)", words)
    return " ".join(raised) if raised else re.match(r"[A-Za-z ]*", words).group()


def fails(source: str, inputs: list[str], smooth: bool, trace=None) -> str | None:
    """How tracing the program goes wrong, if it is valid and does."""
    try:
        with time_limit(PATIENCE), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function = load(source, "<candidate>")
            for text in inputs:
                try:
                    function(*arguments(text))
                except Exception:
                    pass
        check_program(source, inputs, smooth, trace)
    except AssertionError as error:
        return kind_of(error)
    except (Hang, SyntaxError):
        return None
    return None


def _blocks(node: ast.AST):
    for n in ast.walk(node):
        for field in ("body", "orelse"):
            if isinstance(getattr(n, field, None), list) and not isinstance(n, ast.Module):
                yield n, field


def smaller_trees(tree: ast.Module):
    """Trees with one thing less, the largest cuts first."""
    for b in range(sum(1 for _ in _blocks(tree))):
        count = len(getattr(*list(_blocks(tree))[b]))
        for i in reversed(range(count)):
            new = copy.deepcopy(tree)
            owner, field = list(_blocks(new))[b]
            gone = getattr(owner, field).pop(i)
            if not isinstance(gone, ast.Pass):
                if field == "body" and not owner.body:
                    owner.body.append(ast.Pass())
                yield new
            if isinstance(gone, ast.If | ast.For | ast.While):
                for kept in (gone.body, gone.orelse):
                    if kept:
                        getattr(owner, field)[i:i] = kept
                        yield new
                        del getattr(owner, field)[i : i + len(kept)]
    for i, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
            for k in range(len(node.elts)):
                new = copy.deepcopy(tree)
                del list(ast.walk(new))[i].elts[k]
                yield new
    for i, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and isinstance(getattr(value, "ctx", ast.Load()), ast.Load):
                for part in (n for n in ast.iter_child_nodes(value) if isinstance(n, ast.expr)):
                    if not (isinstance(part, ast.Name) and part.id == "np"):
                        new = copy.deepcopy(tree)
                        setattr(list(ast.walk(new))[i], field, copy.deepcopy(part))
                        yield new
            elif isinstance(value, list) and isinstance(node, ast.Call):
                for k, argument in enumerate(value):
                    if isinstance(argument, ast.expr):
                        for part in (n for n in ast.iter_child_nodes(argument) if isinstance(n, ast.expr)):
                            if not (isinstance(part, ast.Name) and part.id == "np"):
                                new = copy.deepcopy(tree)
                                getattr(list(ast.walk(new))[i], field)[k] = copy.deepcopy(part)
                                yield new


def smaller(source: str):
    """Sources with one thing less."""
    for tree in smaller_trees(ast.parse(source)):
        try:
            text = ast.unparse(tree) + "\n"
        except Exception:
            continue
        if len(text) < len(source):
            yield text


def reduce(
    source: str, inputs: list[str], smooth: bool, trace=None, seconds: float = 60
) -> tuple[str, list[str]]:
    """The smallest failing program and inputs found within the time."""
    end = time.monotonic() + seconds
    kind = fails(source, inputs, smooth, trace)
    if kind is None:
        return source, inputs
    for kept in [inputs[:1], inputs[1:]] if len(inputs) > 1 else []:
        if fails(source, kept, smooth, trace) == kind:
            inputs = kept
            break
    source, tried = ast.unparse(ast.parse(source)) + "\n", set()
    found = True
    while found:
        found = False
        for candidate in smaller(source):
            if time.monotonic() > end:
                return source, inputs
            if candidate not in tried:
                tried.add(candidate)
                if fails(candidate, inputs, smooth, trace) == kind:
                    source, found = candidate, True
                    break
    return source, inputs
