from __future__ import annotations

import pytest

from edgeisp import child
from edgeisp.errors import BadInputError


def test_call_returns_the_value_and_what_was_printed() -> None:
    value, log = child.call("builtins:print", "a line")
    assert value is None
    assert log == "a line\n"


def test_call_raises_the_same_typed_error_when_the_function_does() -> None:
    with pytest.raises(BadInputError, match=r"no precision is called 'fp23' -> did you mean 'fp32'\?"):
        child.call("edgeisp.quantize.precision:parse_precision", "fp23")


@pytest.mark.parametrize(
    ("function", "argument", "cause", "said"),
    [
        ("os:_exit", 7, "exit code 7", "it said nothing"),
        ("os:abort", None, "SIGABRT", ""),
        ("math:sqrt", -1.0, "exit code 1", "ValueError"),
    ],
)
def test_call_names_the_end_of_a_process_that_does_not_answer(
    function: str, argument: object, cause: str, said: str
) -> None:
    with pytest.raises(child.ChildDied) as died:
        child.call(function, *([] if argument is None else [argument]))
    assert died.value.cause == cause
    assert said in died.value.last_line


def test_call_ends_a_function_that_takes_too_long() -> None:
    with pytest.raises(child.ChildDied, match="over 2 s"):
        child.call("time:sleep", 60, timeout=2)
