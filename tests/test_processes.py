"""Who we are among the processes of a run, and what of the work is ours."""

import pytest

from edgeisp.errors import BadInputError
from edgeisp.processes import Processes


def test_verb_is_alone_when_nobody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    alone = Processes.here()
    assert alone == Processes(0, 1, 1)
    assert alone.gather("x") == ["x"]


def test_environment_of_torchrun_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert Processes.here() == Processes(5, 8, 4)
    assert not Processes.here().first


@pytest.mark.parametrize(("rank", "size"), [("2", "2"), ("-1", "2"), ("x", "2"), ("0", "0")])
def test_senseless_environment_is_refused(rank: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", size)
    with pytest.raises(BadInputError, match="torchrun"):
        Processes.here()


def test_shares_are_all_of_the_work_once_and_of_nearly_equal_size() -> None:
    work = list(range(11))
    shares = [Processes(rank, 4).share(work) for rank in range(4)]
    assert sorted(item for share in shares for item in share) == work
    assert {len(share) for share in shares} == {2, 3}


def test_error_of_a_lone_process_is_raised_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), Processes().together():
        _ = 1 / 0
