from __future__ import annotations

from pathlib import Path

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


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A generator function that a fresh interpreter can import."""
    (tmp_path / "far_side.py").write_text(
        "from edgeisp.errors import BadInputError\n"
        "def echo(first):\n"
        "    said = yield first + '!'\n"
        "    while said != 'stop':\n"
        "        if said == 'wrong':\n"
        "            raise BadInputError('a bad word')\n"
        "        said = yield said.upper()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "far_side:echo"


def test_conversation_goes_on_until_the_generator_ends(echo: str) -> None:
    with child.conversation(echo, "hello") as talk:
        assert [talk.receive(60), talk.send("a"), talk.send("b")] == ["hello!", "A", "B"]
        assert talk.send("stop") is None
        with pytest.raises(child.ChildDied):
            talk.send("more", 60)


def test_conversation_hands_over_typed_errors_and_deaths(echo: str) -> None:
    with child.conversation(echo, "hello") as talk:
        talk.receive(60)
        with pytest.raises(BadInputError, match="a bad word"):
            talk.send("wrong")
    with child.conversation("os:abort") as talk, pytest.raises(child.ChildDied) as died:
        talk.receive(60)
    assert died.value.cause == "SIGABRT"
    with child.conversation("time:sleep", 60) as talk, pytest.raises(child.ChildDied, match=r"over 0\.2 s"):
        talk.receive(0.2)
