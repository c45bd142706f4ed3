"""The two predictors: sizes, masking, stopping, and that a policy learns a sequence that is rewarded."""

from __future__ import annotations

import math

import pytest
import torch

from edgeisp.models.cost import macs, parameters
from edgeisp.posisp.network import PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.posisp.policy import ParameterPredictor, SequencePredictor
from edgeisp.training.posisp.config import PolicyConfig, configured
from edgeisp.training.posisp.objective import policy_loss


def test_predictors_have_the_sizes_of_the_papers_code() -> None:
    assert parameters(SequencePredictor(10)) == 56_635
    assert parameters(ParameterPredictor(27)) == 527_067
    assert parameters(PosISP()) == 583_702
    assert macs(PosISP().functions(32, 32)["context"]) == 13_409_024


def test_untrained_policy_is_uniform_over_what_is_left() -> None:
    odds = SequencePredictor(10).distribution((3, 0))
    assert torch.allclose(odds[0], torch.full((11,), 1 / 11))
    assert odds[1, 3] == 0
    assert torch.allclose(odds[2, [3, 0]], torch.zeros(2))
    assert torch.allclose(odds.sum(1), torch.ones(3))


def test_no_module_comes_twice_and_nothing_after_the_stop() -> None:
    policy = SequencePredictor(4)
    drawn = policy.sample(200, 2.5, torch.Generator().manual_seed(0))
    for row in drawn.tokens.tolist():
        body = row[: row.index(policy.stop)] if policy.stop in row else row
        assert len(set(body)) == len(body)
        assert set(row[len(body) :]) <= {policy.stop}
    assert any(policy.stop in row for row in drawn.tokens.tolist())


def test_log_probability_is_that_of_the_choices_with_stopping() -> None:
    policy = SequencePredictor(3)
    drawn = policy.sample(50, 1.0, torch.Generator().manual_seed(1))
    for tokens, log in zip(drawn.tokens.tolist(), drawn.log_probability.tolist(), strict=True):
        length = len([t for t in tokens if t != policy.stop])
        steps = min(length + 1, 3)  # after all three modules nothing is left to choose
        assert log == pytest.approx(-sum(math.log(4 - i) for i in range(steps)), abs=1e-5)


def test_same_generator_draws_the_same_sequences() -> None:
    policy = SequencePredictor(6)
    first, second = (policy.sample(8, 1.5, torch.Generator().manual_seed(5)).tokens for _ in range(2))
    assert torch.equal(first, second)


def test_parameters_start_at_the_identity_of_every_module() -> None:
    torch.manual_seed(0)
    network = PosISP()
    made = network.parameters_of(torch.rand(4, 3, 64, 64))
    assert (made - network.pipeline.identity.clamp(0.02, 0.98)).abs().max() < 0.05


@pytest.mark.parametrize("paper", [False, True])
def test_bandit_finds_the_hidden_sequence(paper: bool) -> None:
    torch.manual_seed(0)
    policy, hidden = SequencePredictor(5), (3, 0, 4)
    config = configured(paper=paper, task="none", steps=150, settle=0.0, entropy=0.0)
    optimizer = torch.optim.Adam(policy.parameters(), 5e-3, (0.9, 0.99))
    generator = torch.Generator().manual_seed(0)
    for step in range(150):
        drawn = policy.sample(16, 1.0, generator)
        rewards = torch.tensor([_match(one, hidden) for one in drawn.sequences(policy.stop)])
        optimizer.zero_grad()
        policy_loss(config, step, rewards, drawn).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert policy.decode() == hidden


def _match(sequence: tuple[int, ...], hidden: tuple[int, ...]) -> float:
    padded = [*sequence, *[-1] * 5][: len(hidden) + 1]
    return sum(a == b for a, b in zip(padded, [*hidden, -1], strict=True)) / (len(hidden) + 1)


def test_paper_multiplies_each_reward_with_its_own_sequence() -> None:
    policy = SequencePredictor(3)
    drawn = policy.sample(4, 1.0, torch.Generator().manual_seed(2))
    rewards = torch.tensor([1.0, -2.0, 0.5, 3.0])
    loss = policy_loss(configured(paper=True, task="none"), 0, rewards, drawn)
    assert loss.item() == pytest.approx(-(drawn.log_probability * rewards).mean().item())


def test_equal_rewards_move_nothing_while_the_policy_is_undecided_enough() -> None:
    policy = SequencePredictor(3)
    drawn = policy.sample(6, 1.0, torch.Generator().manual_seed(3))
    config = PolicyConfig(task="none", steps=10, settle=0.5, entropy=0.2)
    assert drawn.entropy.item() == pytest.approx(1, abs=1e-6)
    assert policy_loss(config, 5, torch.ones(6), drawn).item() == pytest.approx(0, abs=1e-6)


def test_policy_that_is_decided_too_early_is_pushed_back() -> None:
    policy = SequencePredictor(3)
    with torch.no_grad():
        policy.head.bias[1] += 6
    config = PolicyConfig(task="none", steps=10, settle=0.5, entropy=0.2)
    assert [config.least_entropy(step) for step in (0, 5, 10)] == pytest.approx([1, 0.2, 0.2])
    optimizer = torch.optim.Adam(policy.parameters(), 1e-2)
    for step in range(100):
        drawn = policy.sample(6, 1.0, torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        policy_loss(config, 2, torch.ones(6), drawn).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert drawn.entropy.item() > 0.6


def test_paper_keeps_the_published_constants() -> None:
    c = configured(paper=True, task="detect")
    assert (c.steps, c.batch, c.lr_parameters, c.lr_order) == (15_000, 2, 1e-4, 1e-5)
    assert c.temperature(0) == 2.5
    assert c.temperature(15_000) == pytest.approx(0.272, abs=1e-3)
    assert Pipeline.of(c.modules, c.paper).paper
