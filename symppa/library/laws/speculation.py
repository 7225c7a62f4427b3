"""Speculative decoding: what a burst of drafted tokens commits, and when it pays."""

from symppa.language import (
    Model,
    exp,
    floor_div,
    formula,
    geometric_sum,
    given,
    index,
    integers,
    lambert_w,
    largest,
    log,
    reals,
    smallest,
    total,
    where,
)


class Acceptance(Model):
    """How many tokens a burst commits: those accepted, and one more that the verifier knows by then."""

    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")

    committed = formula("1", ..., "tokens a burst commits, expected", symbol="c")


class IndependentAcceptance(Acceptance):
    """Every drafted token is accepted with the same probability, whatever came before it."""

    rate = given("1", "probability that a drafted token is accepted", domain=reals(0, 1), symbol=r"\alpha")

    committed = formula("1", geometric_sum(rate, Acceptance.burst + 1), source="leviathan2023, equation 1")


class CountedAcceptance(Acceptance):
    """A histogram of how many tokens of long bursts were accepted. A shorter burst accepts what fits into it."""

    counts = index("accepted tokens of a long burst", symbol="a")
    accepted = given("1", "accepted tokens of a count", over=counts, domain=integers(0))
    probability = given("1", "probability of a count", over=counts, domain=reals(0, 1), symbol="p")

    committed = formula(
        "1", 1 + total(probability * smallest(accepted, Acceptance.burst), over=counts), source="leviathan2023"
    )
    wasted = formula("1", 1 + Acceptance.burst - committed, "drafted tokens in vain", derived=True)


class MeasuredAcceptance(Acceptance):
    """Tokens of a cycle as somebody measured them; a burst commits at most one more than it drafts."""

    measured = given("1", "tokens of a cycle, measured", domain=reals(1))

    committed = formula("1", smallest(measured, Acceptance.burst + 1), derived=True)


class SpeculationGain(Model):
    """A burst against plain decoding; costs are times, or energies, relative to a plain step."""

    burst = given("1", "drafted tokens", domain=integers(0), symbol="K")
    committed = given("1", "tokens a burst commits", domain=reals(0), symbol="c")
    draft_cost = given("1", "cost of a drafted token, in plain steps", domain=reals(0), symbol="r")
    verify_cost = given("1", "cost of verifying a burst, in plain steps", domain=reals(0), default=1, symbol="v")

    cycle_cost = formula("1", burst * draft_cost + verify_cost, "cost of a burst, in plain steps", derived=True)
    gain = formula(
        "1", committed / cycle_cost, "tokens for the cost of a plain step", source="leviathan2023, theorem 3.8"
    )


class OptimalBurst(Model):
    """The burst that gains most where tokens are accepted independently.

    S(K) = (1 - a^(K+1)) / (1 - a) / (1 + K r) is largest where a^(K+1) (1 - (K + 1/r) ln a) = 1, which Lambert W
    solves; of the two whole numbers around it one is best, because S rises before and falls after.
    """

    rate = given("1", "probability that a drafted token is accepted", domain=reals(0, 1), symbol=r"\alpha")
    draft_cost = given("1", "cost of a drafted token, in plain steps", domain=reals(0), symbol="r")

    stationary = formula(
        "1",
        (1 + lambert_w(-exp(largest(0, 1 / draft_cost - 1) * log(rate) - 1), -1)) / log(rate) - 1 / draft_cost,
        "burst of the largest gain, were it no whole number",
        source="corless1996",
        symbol=r"K^*",
    )
    below = formula("1", floor_div(largest(0, stationary), 1), "whole number below it", derived=True)
    gain_below = formula(
        "1", geometric_sum(rate, below + 1) / (1 + below * draft_cost), "gain of the lower burst", derived=True
    )
    gain_above = formula(
        "1",
        geometric_sum(rate, below + 2) / (1 + (below + 1) * draft_cost),
        "gain of the upper burst",
        derived=True,
    )
    burst = formula("1", where(gain_below < gain_above, below + 1, below), "burst of the largest gain", derived=True)
    gain = formula("1", largest(gain_below, gain_above), "largest gain", derived=True)
    least_acceptance = formula(
        "1", draft_cost, "acceptance above which some burst gains", source="leviathan2023, corollary 3.9"
    )
