"""What a law leaves: measured over predicted time as a smooth function of size, by a Gaussian process."""

from symppa.language import Model, exp, formula, given, index, reals, sqrt, total


class Nearness(Model):
    """How alike two places are: once differentiable, of reach 1 (Matern, 3/2)."""

    apart = given("1", "squared distance, each direction over its reach", domain=reals(0))
    height = given("1", "variance of what is alike", domain=reals(0))

    reach = formula("1", sqrt(3 * apart), "distance in units of its decay", derived=True)
    likeness = formula("1", height * (1 + reach) * exp(-reach), "covariance", source="rasmussen2006, equation 4.17")
    slope = formula("1", -3 * height * exp(-reach) / 2, "its change with the squared distance", derived=True)


class SmoothRatio(Model):
    """Measured over predicted time, interpolated between anchors; far from all of them it is 1."""

    anchors = index("anchors")
    directions = index("directions")
    components = index("components")
    place = given("1", "where the operation lies", over=directions)
    anchor = given("1", "where an anchor lies", over=(anchors, directions))
    closeness = given("1", "inverse squared reach", over=(components, directions), domain=reals(0))
    height = given("1", "variance of a component", over=components, domain=reals(0))
    weight = given("1", "what an anchor contributes", over=anchors)

    near = Nearness(apart=total(closeness * (place - anchor) ** 2, over=directions), height=height)
    logarithm = formula(
        "1", total(weight * total(near.likeness, over=components), over=anchors), "logarithm of the ratio",
        source="rasmussen2006, equation 2.25",
    )  # fmt: skip
    ratio = formula("1", exp(logarithm), "measured over predicted time", derived=True)
