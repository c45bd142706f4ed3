from __future__ import annotations

import pickle

import pytest

from edgeisp.errors import (
    BadInputError,
    CheckpointError,
    EdgeISPError,
    UnavailableError,
    VerificationError,
)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (BadInputError("black 600 is not below white 500"), "black 600 is not below white 500"),
        (BadInputError("no CFA tag", where="a.dng"), "a.dng: no CFA tag"),
        (BadInputError("no CFA tag", cure="pass --cfa"), "no CFA tag -> pass --cfa"),
        (BadInputError("no CFA tag", where="a.dng", cure="pass --cfa"), "a.dng: no CFA tag -> pass --cfa"),
    ],
)
def test_error_prints_what_where_and_cure_when_they_are_given(error: EdgeISPError, line: str) -> None:
    assert str(error) == line


def test_exit_codes_match_the_documented_table_when_raised() -> None:
    codes = {
        kind: kind.exit_code for kind in (BadInputError, CheckpointError, UnavailableError, VerificationError)
    }
    assert codes == {BadInputError: 2, CheckpointError: 3, UnavailableError: 4, VerificationError: 5}
    assert EdgeISPError.exit_code == 1


def test_error_keeps_its_parts_when_it_crosses_a_process_boundary() -> None:
    error = pickle.loads(
        pickle.dumps(CheckpointError("7 keys missing", where="a.safetensors", cure="get it again"))
    )
    assert type(error) is CheckpointError
    assert (error.what, error.where, error.cure) == ("7 keys missing", "a.safetensors", "get it again")
